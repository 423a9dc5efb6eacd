"""Find rows by keys that are written in several ways, or that do not tell rows apart.

`test_odd_values.py` runs this with the package `odd`.
"""

import re

import pytest
from sqlalchemy import select, text

from backoffice import events
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from tests.company.existing import rows
from tests.support.cast import Cast
from tests.support.client import Client, settle
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
