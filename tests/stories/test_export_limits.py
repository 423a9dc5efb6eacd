"""Exports leave room: one per person, some per process, some per hour.

No export holds a database connection while its reader is slow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from werkzeug.test import EnvironBuilder

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, outside, settle
from tests.support.acting import add
from tests.support.html import read, value_of

pytestmark = pytest.mark.usefixtures("still")

EXPORT = "/admin/users/export.csv"
Build = Callable[..., Flask]


@pytest.fixture
def many(cast: Cast) -> int:
    """Add enough people for several parts of an export, and return how many were added."""
    now = clock.now()
    number = 3500
    shared = {"created_at": now, "updated_at": now, "status": "active", "login_method": "email"}
    rows = [
        {
            "email": f"p{n}@example.com",
            "email_key": f"p{n}@example.com",
            "search_key": f"p{n}",
            **shared,
        }
        for n in range(number)
    ]
    db.session.execute(insert(User), rows)
    settle()
    return number


class Reader:
    """An export as a WSGI server reads it: each part is produced only when `next` asks for it."""

    def __init__(self, app: Flask, client: Client) -> None:
        cookie = client.get_cookie("backoffice", domain="127.0.0.1")
        assert cookie
        base_url = app.config["TEST_BASE_URL"]
        builder = EnvironBuilder(
            EXPORT, base_url=base_url, headers={"Cookie": f"backoffice={cookie.value}"}
        )
        self.head: list[Any] = []
        self.chunks: Any = outside(
            app.wsgi_app, builder.get_environ(), lambda *head: self.head.extend(head)
        )
        self.parts: Iterator[bytes] = iter(self.chunks)

    @property
    def status(self) -> int:
        return int(self.head[0][:3])

    def read(self) -> bytes:
        return outside(next, self.parts)

    def rest(self) -> bytes:
        return outside(lambda: b"".join(self.parts))

    def close(self) -> None:
        outside(self.chunks.close)


@contextmanager
def reading(app: Flask, client: Client) -> Iterator[Reader]:
    reader = Reader(app, client)
    try:
        yield reader
    finally:
        reader.close()


def exported() -> list[tuple[str, int]]:
    settle()
    found = db.session.scalars(
        select(Event).where(Event.action == "users.export").order_by(Event.id)
    )
    return [(event.result, (event.after or {}).get("rows", 0)) for event in found]


def connections(app: Flask) -> int:
    with app.app_context():
        return int(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # of a pool that counts


def test_who_does_not_read_holds_neither_connection_nor_transaction(
    app_with: Build, cast: Cast, many: int
) -> None:
    app = app_with()
    client = app.test_client().sign_in("olivia")
    settle()
    before = connections(app)
    with reading(app, client) as reader:
        reader.read()
        reader.read()
        assert connections(app) == before
        db.session.execute(update(User).where(User.id == cast.vera.id).values(phone="+49 30 1"))
        db.session.commit()  # on SQLite nobody could write beside it else
        lines = reader.rest().count(b"\r\n")
        assert lines > 1000
    assert exported() == [("done", many + 4)]


def test_rows_are_those_of_the_beginning_each_once(app_with: Build, cast: Cast, many: int) -> None:
    """A person whose place in the order changes meanwhile is neither lost nor repeated."""
    app = app_with()
    client = app.test_client().sign_in("olivia")
    settle()
    with reading(app, client) as reader:
        text = reader.read()
        db.session.execute(
            update(User).where(User.email_key == "p3@example.com").values(last_login_at=clock.now())
        )
        settle()
        text += reader.rest()
    assert text.count(b",p3@example.com,") == 1
    assert text.count(b"\r\n") == many + 4 + 1


def test_one_person_has_one_export_at_a_time(app_with: Build, cast: Cast, many: int) -> None:
    app = app_with()
    client, other = app.test_client().sign_in("olivia"), app_with().test_client().sign_in("olivia")
    settle()
    with reading(app, client) as reader:
        reader.read()
        refused = other.get(EXPORT)  # by another process, which has slots of its own
        assert refused.status_code == 429
        assert "Another export of yours is still running" in refused.text
        assert refused.headers["Retry-After"] == "60"
        with clock.at(clock.now() + timedelta(minutes=2)):
            assert other.get(EXPORT).status_code == 200, (
                "whoever gave no sign of life for a minute is gone"
            )
    assert other.get(EXPORT).status_code == 200


def test_all_slots_taken_is_a_page_that_says_so(app_with: Build, cast: Cast, many: int) -> None:
    cast.max.groups = list(cast.olivia.groups)
    settle()
    app = app_with(export_slots=1)
    first, second = app.test_client().sign_in("olivia"), app.test_client().sign_in("max")
    settle()
    with reading(app, first) as reader:
        reader.read()
        refused = second.get(EXPORT)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert "Many people are asking for this" in refused.text
        assert second.get("/admin/users/").status_code == 200
    assert second.get(EXPORT).status_code == 200


def test_so_many_exports_an_hour(app_with: Build, cast: Cast) -> None:
    client = app_with(exports_per_hour=2).test_client().sign_in("olivia")
    assert [client.get(EXPORT).status_code for _ in range(3)] == [200, 200, 429]
    assert exported() == [("done", 4), ("done", 4)]


def test_an_export_that_takes_too_long_is_broken_off_and_logged_as_such(
    app_with: Build, cast: Cast, many: int
) -> None:
    app = app_with(export_timeout=timedelta(minutes=10))
    client = app.test_client().sign_in("olivia")
    settle()
    with reading(app, client) as reader:
        with clock.at(clock.now() + timedelta(minutes=10)):
            reader.read()
        late = clock.now() + timedelta(minutes=10, seconds=1)
        with clock.at(late), pytest.raises(TimeoutError):
            reader.rest()
    ((result, rows),) = exported()
    assert result == "failed"
    assert rows < many


def test_a_flood_of_refusals_is_not_a_flood_of_events(app_with: Build, cast: Cast) -> None:
    client = app_with(denials_per_minute=3).test_client().sign_in("vera")
    statuses = [client.get(EXPORT).status_code for _ in range(8)]
    assert statuses == [403] * 3 + [429] * 5
    settle()
    found = db.session.scalars(
        select(Event).where(Event.result == "denied").order_by(Event.id)
    ).all()
    assert len(found) == 4
    assert "More than 3 refused tries within a minute" in str(found[-1].reason)
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert client.get(EXPORT).status_code == 403


def test_a_form_that_reaches_too_far_too_often_says_so_and_keeps_what_was_typed(
    app_with: Build, staff: list[str]
) -> None:
    """A company administrator who sees a few clients tries to show somebody all of them."""
    boss = Cast().company_administrator
    boss.client_tags_mode = "only"
    boss.client_tags = [ClientTag(name="Silver")]
    settle()
    client = app_with(denials_per_minute=2).test_client().sign_in("company_administrator")
    form = {"client_tags_mode": "all", "client_tags": [""], "first_name": "Nora"}
    answers = [add(client, "users", email="new@example.com", **form) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
    assert value_of(answers[-1], "first_name") == "Nora"
    assert "refused many times within a minute" in read(answers[-1]).text
