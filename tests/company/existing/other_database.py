"""Use tables of another database, whose models `adopt` has written.

`test_existing_tables.py` runs this.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from backoffice import events
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.existing import rows
from tests.support.html import read


@pytest.fixture
def erp(app: Flask) -> Iterator[sqlite3.Connection]:
    """Yield a connection to the other database, which is empty."""
    path = dict(app.extensions["settings"].backoffice_databases)["erp"].url.database
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table in ("POSITIONS", "ORDERS", "KUNDEN", "STAFF"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("INSERT INTO KUNDEN (KDNR, NAME1) VALUES ('K/1', 'Lantern')")
        connection.execute("INSERT INTO ORDERS (ORDERNO, KDNR) VALUES (1, 'K/1'), (2, NULL)")
        yield connection


@pytest.fixture
def olivia(cast: Cast, client: Client, erp: sqlite3.Connection) -> Client:
    return client.sign_in("olivia")


def version(client: Client, address: str) -> str:
    return str(read(client.get(address)).one("input[name=version]")["value"])


def name(erp: sqlite3.Connection) -> Any:
    return erp.execute("SELECT NAME1 FROM KUNDEN WHERE KDNR = 'K/1'").fetchone()[0]


def test_rows_of_another_database_are_listed_added_and_changed(
    olivia: Client, erp: sqlite3.Connection
) -> None:
    for path in ("kunden/", "orders/?search=x", "orders/?kunden=~K~2F1", "orders/?sort=-placed"):
        assert olivia.get(f"/admin/{path}").status_code == 200, path
    assert "1 order" in read(olivia.get("/admin/orders/?kunden=~K~2F1")).one("h1").text
    assert "1 kunden" in read(olivia.get("/admin/kunden/?search=lantern")).one("h1").text
    address = "/admin/kunden/~K~2F1/edit"
    sent = {"version": version(olivia, address), "name1": "Bridge"}
    assert olivia.post(address, sent).status_code == 303
    assert name(erp) == "Bridge"
    added = olivia.post("/admin/orders/new", {"orderno": "9", "kunden": "~K~2F1"})
    assert added.location == "/admin/orders/9"
    assert olivia.get("/admin/orders/9").status_code == 200
    assert "Bridge" in read(olivia.get("/admin/events/")).text
    assert olivia.get("/admin/kunden/export.csv").status_code == 200
    assert events.verify() == []


def test_a_stale_form_changes_nothing(olivia: Client, erp: sqlite3.Connection) -> None:
    address = "/admin/kunden/~K~2F1/edit"
    old = version(olivia, address)
    erp.execute("UPDATE KUNDEN SET CLASS = 'B' WHERE KDNR = 'K/1'")
    assert olivia.post(address, {"version": old, "name1": "Mine"}).status_code == 409
    assert name(erp) == "Lantern"


def test_no_action_works_on_another_database(olivia: Client) -> None:
    page = olivia.get("/admin/kunden/").get_data(as_text=True)
    assert "/admin/kunden/actions/" not in page
    assert not re.search(r"type=checkbox name=row", page)
    assert olivia.post("/admin/kunden/actions/delete", {"row": "~K~2F1"}).status_code == 404


def test_the_change_is_there_before_the_event(olivia: Client, erp: sqlite3.Connection) -> None:
    names: list[str] = []

    def look(_connection: Any) -> None:
        names.append(name(erp))

    address = "/admin/kunden/~K~2F1/edit"
    sent = {"version": version(olivia, address), "name1": "Bridge"}
    event.listen(db.engine, "commit", look)
    try:
        assert olivia.post(address, sent).status_code == 303
    finally:
        event.remove(db.engine, "commit", look)
    assert names[-1] == "Bridge", "when ours is about to commit, the other has committed"
    assert rows.newest_event().action == "kunden.edit"


def test_what_the_other_database_refuses_leaves_no_event(
    olivia: Client, erp: sqlite3.Connection
) -> None:
    answer = olivia.post("/admin/kunden/new", {"kdnr": "K/1", "name1": "Again"})
    assert answer.status_code == 422
    settle()
    assert db.session.scalars(select(Event)).all() == []
    assert name(erp) == "Lantern"
