"""Find rows by keys that are written in several ways, or that do not tell rows apart.

`test_odd_values.py` runs this with the package `odd`.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from backoffice import events
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.existing import rows
from tests.support.html import read

TIMES = ("2026-01-31 10:00:00", "2026-01-31 10:00:00.5", "2026-02-01 00:00:00.123456")
OF_SQLITE = ("2026-03-01T10:00:00", "2026-03-02", "2026-03-03 10:00")


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def keys(client: Client, address: str) -> list[str]:
    """Return the keys of the rows in a list."""
    return re.findall(r"name=row value=(\S+)", client.get(address).get_data(as_text=True))


def use(client: Client, area: str, table: str) -> None:
    """Open each row, edit it, change it by an action, and undo that."""
    found = keys(client, f"/admin/{area}/?sort=id")
    assert len(found) == len(names(table))
    for key in found:
        address = f"/admin/{area}/{key}"
        assert client.get(address).status_code == 200, key
        assert client.get(f"{address}/menu").status_code == 200, key
        assert rows.sent(client, f"{address}/edit", name="Edited").location == address
        assert read(client.get("/admin/events/")).all("a", href=address), "of the event"
    run = act_on_names(client, area, found)
    assert set(names(table)) == {"By an action"}
    page = read(client.get(run))
    assert all(page.all("a", href=f"/admin/{area}/{key}") for key in found)
    rows.undo(client, run)
    assert set(names(table)) == {"Edited"}
    assert events.verify() == []


def act_on_names(client: Client, area: str, found: list[str]) -> str:
    address = rows.plan(client, area, "change-field", found)
    rows.choose(client, address, field="name", name="By an action")
    rows.press(client, address)
    return rows.newest_run()


def names(table: str) -> list[str]:
    settle()
    found = db.session.execute(text(f'SELECT "NAME" FROM "{table}"')).scalars().all()
    settle()
    return list(found)


def test_a_time_is_a_key_however_it_is_written(olivia: Client) -> None:
    is_sqlite = db.engine.dialect.name == "sqlite"
    given = (*TIMES, *OF_SQLITE) if is_sqlite else (*TIMES, "infinity")
    for moment in given:
        rows.sql("INSERT INTO \"BY_TIME\" VALUES (:at, 'New')", at=moment)
    use(olivia, "by-time", "BY_TIME")
    assert len(olivia.get("/admin/by-time/export.csv").text.splitlines()) == len(given) + 1
    made = olivia.post("/admin/by-time/new", {"at": "2026-05-01 10:00", "name": "Added"})
    assert made.status_code == 303
    assert olivia.get(made.location).status_code == 200


def test_an_amount_is_a_key(olivia: Client) -> None:
    for amount in ("1.5", "2", "-3.25", "1000000"):
        rows.sql(
            "INSERT INTO \"BY_AMOUNT\" VALUES (CAST(:amount AS NUMERIC), 'New')", amount=amount
        )
    use(olivia, "by-amount", "BY_AMOUNT")
    assert "~1.50" in keys(olivia, "/admin/by-amount/")


def test_blanks_at_the_end_of_a_code_are_none_of_it(olivia: Client) -> None:
    for code in ("AB", "A B", "ABCD"):
        rows.sql("INSERT INTO \"BY_CODE\" VALUES (:code, 'New')", code=code)
    use(olivia, "by-code", "BY_CODE")
    if db.engine.dialect.name == "sqlite":  # to which blanks are like any letter
        rows.sql("INSERT INTO \"BY_CODE\" VALUES ('AB  ', 'New')")
        use(olivia, "by-code", "BY_CODE")
        return
    assert olivia.get("/admin/by-code/~AB~20").status_code == 200
    address = rows.plan(olivia, "by-code", "change-field", ["~AB", "~AB~20", "~AB~20~20"])
    settle()
    assert db.session.scalars(select(BulkRun.selection).order_by(BulkRun.id.desc())).first() == {
        "ids": ["~AB"]
    }
    rows.choose(olivia, address, field="name", name="By an action")
    rows.press(olivia, address)
    assert names("BY_CODE").count("By an action") == 1
    made = olivia.post("/admin/by-code/new", {"code": "Z", "name": "Added"})
    assert made.location == "/admin/by-code/~Z"


def twice(*numbers: int | None) -> None:
    """Write a row with each number; their place is 1, and rows of a number have the same key."""
    for count, number in enumerate(numbers):
        rows.sql(f"INSERT INTO \"TWICE\" VALUES (:no, 1, 'Name {count}')", no=number)


def test_no_page_and_no_action_guesses_which_row_is_meant(olivia: Client) -> None:
    twice(1, 2, 2)
    listed = olivia.get("/admin/twice/")
    assert all(f"Name {count}" in read(listed).text for count in range(3))
    for page in ("", "/edit", "/menu"):
        answer = olivia.get(f"/admin/twice/~2,1{page}")
        assert answer.status_code == 404
        assert "Several twice have the key 2, 1" in read(answer).text
    assert olivia.post("/admin/twice/~2,1/edit", {"version": "1", "name": "X"}).status_code == 404
    for action in ("change-field", "delete"):
        answer = olivia.post(f"/admin/twice/actions/{action}", {"row": ["~1,1", "~2,1"]})
        assert answer.status_code in (303, 422)
        assert "Several twice have the key 2, 1" in read(answer).text
    assert sorted(names("TWICE")) == ["Name 0", "Name 1", "Name 2"]
    lines = olivia.get("/admin/twice/export.csv").text
    assert all(f"Name {count}" in lines for count in range(3))


def test_a_key_that_becomes_double_after_the_preview_changes_nothing(olivia: Client) -> None:
    twice(1, 2)
    address = rows.plan(olivia, "twice", "change-field", ["~1,1", "~2,1"])
    rows.choose(olivia, address, field="name", name="X")
    twice(2)
    olivia.post(address, {"step": "run"})
    assert rows.value("NAME", "TWICE", '"NO" = 2 AND "NAME" = \'X\'') is None


def test_a_row_without_a_key_is_nobodys(olivia: Client) -> None:
    twice(1, None)
    assert "Name 1" not in read(olivia.get("/admin/twice/")).text
    assert "Name 0" in read(olivia.get("/admin/twice/")).text
    for key in ("~None,1", "~,1", "~~,1", "~1", "None"):
        assert olivia.get(f"/admin/twice/{key}").status_code == 404
    assert "Name 1" not in olivia.get("/admin/twice/export.csv").text
    assert olivia.get("/admin/doubleds/").status_code == 200


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-no"])
def test_rows_of_a_query_with_the_same_key_are_all_shown(olivia: Client, sort: str) -> None:
    for number in range(45):
        twice(*[number] * 3)
    address, seen, left = f"/admin/doubleds/?size=20&sort={sort}", 0, 20
    while address and (left := left - 1):
        page = olivia.get(address).text
        seen += page.count("data-menu-url")
        links = [href.replace("&amp;", "&") for href in re.findall(r'href="(\?[^"]*)"', page)]
        following = [f"/admin/doubleds/{href}" for href in links if "after=" in href]
        address = following[0] if following else ""
    assert seen == 135
    assert olivia.get("/admin/doubleds/~0").status_code == 404


def test_the_check_says_which_keys_tell_no_rows_apart(
    olivia: Client, run: Callable[..., Any]
) -> None:
    def said() -> str:
        settle()
        return str(run("backoffice", "check").output)

    twice(1, 2)
    assert "Several rows have the key" not in said()
    twice(2, None)
    output = said()
    assert "Twice: Several rows have the key 2, 1, so" in output
    assert "Doubled: Several rows have the key 2" in output
    assert "Twice: Some rows have no value in a column of their key" in output
    assert "ByCode" not in output
