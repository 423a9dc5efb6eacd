"""Write rows that triggers of the ERP change, move and refuse.

`test_existing_tables.py` runs this with the package `trade`.
"""

import pytest

from backoffice import events
from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company.existing import rows
from tests.company.existing.rows import HREF, KEY, sent
from tests.company.existing.triggers import trigger
from tests.support.html import read

MOVED = 'UPDATE "KUNDEN" SET "KDNR" = \'M\' || NEW."KDNR" WHERE "KDNR" = NEW."KDNR";'


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    rows.begin()
    return client.sign_in("olivia")


@pytest.fixture
def engine(olivia: Client) -> str:
    return str(db.engine.dialect.name)


def moving(engine: str, change: str) -> object:
    """Have the database give another key to what is written."""
    return trigger(
        engine,
        sqlite=(f"AFTER {change}", MOVED),
        postgresql=(f"BEFORE {change}", 'NEW."KDNR" := \'M\' || NEW."KDNR"; RETURN NEW;'),
    )


def test_a_row_whose_key_a_trigger_changes_is_not_written(olivia: Client, engine: str) -> None:
    rows.customer("C3", "Gamma")
    with moving(engine, "UPDATE"):
        answer = sent(olivia, "/admin/kunden/~C3/edit", name1="Moved")
        assert answer.status_code == 422
        assert "perhaps by a trigger" in read(answer).text
        address = rows.plan(olivia, "kunden", "shut", ["~C3", "~B2"])
        olivia.get(address)
        answer = olivia.post(address, {"step": "run"})
        assert answer.location == address
        assert "perhaps by a trigger" in read(olivia.get(address)).text
    with moving(engine, "INSERT"):
        answer = olivia.post("/admin/kunden/new", {"kdnr": "N", "name1": "New"})
        assert answer.status_code == 422
        assert "perhaps by a trigger" in read(answer).text
    assert rows.value("KDNR", "KUNDEN", "\"NAME1\" = 'Gamma'") == "C3"
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Gamma'") == "open"
    assert not rows.value("KDNR", "KUNDEN", "\"NAME1\" = 'New'")
    assert events.verify() == []


@pytest.mark.parametrize(
    "state", ["P0002", "23505", "23514", "22023", "45000", "ZZ001", "57014", "08006", "42P01"]
)
def test_what_a_trigger_refuses_is_refused_in_its_words(
    olivia: Client, engine: str, state: str
) -> None:
    raised = f"RAISE EXCEPTION 'Ask the stockroom.' USING ERRCODE = '{state}';"
    with trigger(
        engine,
        sqlite=("BEFORE UPDATE", "SELECT RAISE(ABORT, 'Ask the stockroom.');"),
        postgresql=("BEFORE UPDATE", raised),
    ):
        answer = sent(olivia, f"{HREF}/edit", name1="Refused")
        assert answer.status_code == 422
        assert "The database refuses this: Ask the stockroom." in read(answer).text
        address = rows.plan(olivia, "kunden", "shut", [KEY])
        olivia.get(address)
        assert olivia.post(address, {"step": "run"}).location == address
        assert "Ask the stockroom." in read(olivia.get(address)).text
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "open"


@pytest.mark.parametrize(
    "column, type_, value, former",
    [
        ("TOTAL", "TEXT", "'much'", "NUMERIC(18, 2)"),
        ("SINCE", "TEXT", "'long'", "DATE"),
        ("STATUS", "INTEGER", "5", "VARCHAR(10)"),
        ("CHANGED", "DATE", "'2026-01-31'", "TIMESTAMP"),
    ],
)
def test_a_column_that_gets_another_type_is_said(
    olivia: Client, column: str, type_: str, value: str, former: str
) -> None:
    name = column.lower()
    paths = ("", "?sort=total", "?sort=since", "?total.from=1", "?since.to=2026-01-31")
    addresses = [f"/admin/kunden/{path}" for path in (*paths, "?status=open", "~B2", "~B2/edit")]
    for _again in range(6):  # the driver prepares what it is asked often
        for address in addresses:
            assert olivia.get(address).status_code == 200
    change(column, type_, value)
    try:
        for _again in range(2):
            for address in addresses:
                answer = olivia.get(address)
                assert answer.status_code in (200, 503), address
                if answer.status_code == 503:
                    assert "is not in the database any more" in read(answer).text
        answer = olivia.post("/admin/kunden/~B2/edit", {"version": "1", name: "5"})
        assert answer.status_code in (409, 422, 503)
        assert olivia.get("/admin/kunden/export.json").status_code in (200, 503)
    finally:
        change(column, former, "NULL" if column != "STATUS" else "'open'")
    assert olivia.get("/admin/kunden/").status_code == 200


def change(column: str, type_: str, value: str) -> None:
    """Give a column of the ERP another type, and all rows this value of it, in SQL."""
    if db.engine.dialect.name == "sqlite":  # which takes any value instead
        rows.sql(f'UPDATE "KUNDEN" SET "{column}" = {value}')
        return
    alter = f'ALTER TABLE "KUNDEN" ALTER COLUMN "{column}"'
    rows.sql(f"{alter} DROP DEFAULT")
    rows.sql(f"{alter} TYPE {type_} USING CAST({value} AS {type_})")
    if type_ == "VARCHAR(10)":
        rows.sql(f"{alter} SET DEFAULT 'open'")
