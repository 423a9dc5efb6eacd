"""Flask-Admin traps around exports: cut short, all in memory, formulas, no trace in the log."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import EnvironBuilder

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.zoo import add_people
from views.screen.formats import ROWS_AT_ONCE, guarded


def rows_of(answer: Any) -> list[dict[str, str]]:
    """Return the rows of a CSV file as dictionaries by heading."""
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def export_event() -> tuple[str, Any]:
    """Return the result and the numbers that the log has of the last export."""
    event = db.session.scalars(
        select(Event).where(Event.action == "users.export").order_by(Event.id.desc())
    ).first()
    assert event
    return event.result, event.after


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_is_complete_with_relations_and_many_rows(
    olivia: Client, statements: Any, kind: str
) -> None:
    """Trap: with Flask >= 3.1.2 it stopped after its header where a column loads lazily."""
    add_people(2100)
    number = db.session.scalar(select(func.count()).select_from(User))
    with statements() as seen:
        answer = olivia.get(f"/admin/users/export.{kind}")
    rows = rows_of(answer) if kind == "csv" else json.loads(answer.data)
    assert len(rows) == number > 2 * ROWS_AT_ONCE
    assert len({row.get("ID", row.get("id")) for row in rows}) == number
    heading = "Allowed client tags" if kind == "csv" else "client_tags"
    tagged = [row for row in rows if "Tag 00" in (row[heading] or "")]
    assert len(tagged) == 65
    assert len(seen) < 25, seen
    assert export_event()[1]["rows"] == number


def test_an_empty_export_has_its_header_and_is_logged(olivia: Client) -> None:
    answer = olivia.get("/admin/users/export.csv?search=nobody-at-all")
    assert answer.data.startswith(b"\xef\xbb\xbfID,")
    assert rows_of(answer) == []
    assert (export_event()[0], export_event()[1]["rows"]) == ("done", 0)
    assert json.loads(olivia.get("/admin/users/export.json?search=nobody-at-all").data) == []


def test_an_export_has_the_scope_the_filters_and_the_order_of_the_list(
    olivia: Client, zoo: Cast
) -> None:
    db.session.execute(update(User).where(User.id == 20).values(status="deleted"))
    rows = rows_of(
        olivia.get("/admin/users/export.csv?status=invited&search=same&sort=-id&size=20")
    )
    wanted = select(User.id).where(User.status == "invited").order_by(User.id.desc())
    assert [int(row["ID"]) for row in rows] == db.session.scalars(wanted).all()
    assert len(rows) > 20, "the page size is the list's"


STARTS = ["=1+1", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", STARTS)
def test_no_formula_guard(text: str) -> None:
    """Trap: a cell that begins like this runs in the reader's spreadsheet."""
    assert guarded(text) == f"'{text}"
    assert guarded(-1) == -1, "numbers are no formulas"


def test_formulas_in_names_and_in_related_names_are_neutralised(olivia: Client, zoo: Cast) -> None:
    zoo.vera.first_name, zoo.vera.phone = "=1+1", "+49301234567"
    tag = ClientTag(name="=HYPERLINK(0)")
    zoo.vera.client_tags = [tag]
    rows = rows_of(olivia.get("/admin/users/export.csv?search=vera@example.com"))
    cells = [cell for row in rows for cell in row.values() if cell]
    assert len(rows) == 1
    assert "+49 30 1234567" in cells, "a phone number is no formula"
    assert "'=HYPERLINK(0)" in cells
    assert not [
        cell
        for cell in cells
        if cell[0] in "=-@\t\r" or (cell[0] == "+" and not cell[1:].replace(" ", "").isdigit())
    ]
    run_rows = rows_of(olivia.get("/admin/bulk-runs/1/items.csv"))
    assert len(run_rows) == 6


def body(app: Flask, cookie: str, path: str) -> tuple[int, Iterator[bytes]]:
    """Call the application as a WSGI server does; return the status and the unread iterator."""
    status: list[str] = []
    builder = EnvironBuilder(path, base_url=app.config["TEST_BASE_URL"], headers={"Cookie": cookie})
    chunks = app.wsgi_app(builder.get_environ(), lambda line, *_: status.append(line))
    return int(status[0][:3]), chunks


def test_an_export_is_streamed_in_little_memory(app: Flask, olivia: Client) -> None:
    """Trap: the whole table was in memory, 1.4 GB for a million rows."""
    add_people(6000)
    cookie = olivia.get_cookie("backoffice", domain="127.0.0.1")
    settle()
    found: dict[str, Any] = {}

    def read() -> None:
        status, chunks = body(app, f"backoffice={cookie.value}", "/admin/users/export.csv")
        parts = iter(chunks)
        first = next(parts)
        tracemalloc.start()
        rest = [len(part) for part in parts]
        found.update(
            status=status, first=len(first), rest=rest, peak=tracemalloc.get_traced_memory()[1]
        )
        tracemalloc.stop()
        chunks.close()

    thread = Thread(target=read)
    thread.start()
    thread.join()
    assert found["status"] == 200
    assert len(found["rest"]) >= 5, "page by page"
    assert max(found["rest"]) < sum(found["rest"]) / 4
    assert found["peak"] < 12 * 2**20


def test_a_download_that_was_broken_off_is_logged_as_such(app: Flask, olivia: Client) -> None:
    add_people(2500)
    cookie = olivia.get_cookie("backoffice", domain="127.0.0.1")
    settle()

    def read() -> None:
        _status, chunks = body(app, f"backoffice={cookie.value}", "/admin/users/export.csv")
        next(iter(chunks))
        chunks.close()

    thread = Thread(target=read)
    thread.start()
    thread.join()
    result, numbers = export_event()
    assert result == "failed"
    assert numbers["rows"] < 2500
