"""Change rows of existing tables: by actions, beside the ERP, and against what it allows.

`test_existing_tables.py` runs this with the package `trade`.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from backoffice import events
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company.existing import rows
from tests.company.existing.rows import HREF, KEY, ODD, act, sent, undo, version
from tests.company.existing.triggers import ignoring, trigger
from tests.support.html import read


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    rows.begin()
    return client.sign_in("olivia")


def test_what_the_erp_changed_meanwhile_is_not_overwritten(olivia: Client) -> None:
    address = f"{HREF}/edit"
    old = version(olivia, address)
    rows.sql('UPDATE "KUNDEN" SET "NAME1" = \'Changed by the ERP\' WHERE "NAME1" = \'Odd\'')
    answer = olivia.post(address, {"name1": "Mine", "version": old})
    assert answer.status_code == 409
    assert "Changed by the ERP" in read(answer).text
    assert rows.value("NAME1", "KUNDEN", "\"KDNR\" LIKE 'A/1%'") == "Changed by the ERP"


def test_columns_that_the_page_does_not_show_count_as_changes(olivia: Client) -> None:
    address = "/admin/positions/~7,1/edit"
    old = version(olivia, address)
    rows.sql('UPDATE "POSITIONS" SET "AMOUNT" = 9 WHERE "POS" = 1')
    assert olivia.post(address, {"item": "Mine", "version": old}).status_code == 409


def test_an_action_sets_rows_with_a_text_as_key_and_is_undone(olivia: Client) -> None:
    run = act(olivia, "kunden", "shut", KEY, "~B2")
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "shut"
    page = read(olivia.get(run))
    assert "1 customer set" in page.text or "1 of 2 set" in page.text
    assert page.one(f'a[href="{HREF}"]')
    undo(olivia, run)
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "open"
    assert rows.newest_event().subject_key == ODD
    assert events.verify() == []


def test_an_action_sets_rows_with_two_columns_as_key_and_is_undone(olivia: Client) -> None:
    run = act(olivia, "positions", "set-amount", "~7,1", "~7,2", amount="4")
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 4
    undo(olivia, run)
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 3
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 2') == 4
    undo(olivia, rows.newest_run())
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 4


def test_a_row_changed_since_stays_as_it_is(olivia: Client) -> None:
    run = act(olivia, "positions", "set-amount", "~7,1", "~7,2", amount="8")
    rows.sql('UPDATE "POSITIONS" SET "ITEM" = \'Pepper\' WHERE "POS" = 2')
    undo(olivia, run)
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 3
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 2') == 8


def test_a_row_changed_after_the_preview_is_left_alone(olivia: Client) -> None:
    address = rows.plan(olivia, "positions", "set-amount", ["~7,1", "~7,2"])
    rows.choose(olivia, address, amount="8")
    rows.sql('UPDATE "POSITIONS" SET "ITEM" = \'Pepper\' WHERE "POS" = 2')
    rows.press(olivia, address)
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 8
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 2') == 4


def test_all_matching_rows_are_changed(olivia: Client) -> None:
    for number in range(30):
        rows.position(8, number, "Bulk", number)
    asked = {"all_matching": "1", "list": "item=Bulk", "matched": "30"}
    address = olivia.post("/admin/positions/actions/set-amount", asked).location
    rows.choose(olivia, address, amount="2")
    rows.press(olivia, address)
    assert rows.value("AMOUNT", "POSITIONS", '"ITEM" = \'Bulk\' AND "AMOUNT" <> 2') is None
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1 AND "ORDERNO" = 7') == 3
    undo(olivia, rows.newest_run())
    assert rows.value("AMOUNT", "POSITIONS", '"ITEM" = \'Bulk\' AND "POS" = 29') == 29


def test_a_relation_to_a_key_of_text_is_chosen_and_brought_back(olivia: Client) -> None:
    run = act(olivia, "orders", "give", "8", customer=KEY)
    assert rows.value("KDNR", "ORDERS", '"ORDERNO" = 8') == ODD
    undo(olivia, run)
    assert rows.value("KDNR", "ORDERS", '"ORDERNO" = 8') is None


def test_a_field_is_changed_in_bulk(olivia: Client) -> None:
    act(olivia, "kunden", "change-field", KEY, field="since", since="2026-02-03")
    assert str(rows.value("SINCE", "KUNDEN", "\"NAME1\" = 'Odd'")) == "2026-02-03"


def test_rows_are_deleted(olivia: Client) -> None:
    address = rows.plan(olivia, "positions", "delete", ["~7,1"])
    rows.press(olivia, address, confirm="delete 1")
    assert rows.value("ITEM", "POSITIONS", '"POS" = 1') is None
    assert rows.value("ITEM", "POSITIONS", '"POS" = 2') == "Salt"
    assert rows.newest_event().before["item"] == "Tea"  # type: ignore[index]  # it is there


def test_a_column_called_like_a_key_of_a_text_is_only_called_so(olivia: Client) -> None:
    rows.sql('UPDATE "KUNDEN" SET "NAME1_KEY" = \'mine\'')
    act(olivia, "kunden", "shut", KEY)
    sent(olivia, f"{HREF}/edit", name1="Other")
    assert rows.value("NAME1_KEY", "KUNDEN", "\"NAME1\" = 'Other'") == "mine"


def test_a_column_that_vanishes_is_said_and_nothing_is_lost(olivia: Client) -> None:
    page = olivia.get(f"{HREF}/edit").get_data(as_text=True)
    old = re.search(r'name="version" value="(-?\d+)"', page)
    planned = rows.plan(olivia, "kunden", "shut", [KEY])
    rows.sql('ALTER TABLE "KUNDEN" RENAME COLUMN "STATUS" TO "STATE"')
    try:
        assert old
        written = {"version": old[1], "name1": "Mine"}
        answers = [
            olivia.get("/admin/kunden/"),
            olivia.get(HREF),
            olivia.post(f"{HREF}/edit", written),
            olivia.post(planned, {"step": "run"}),
            olivia.get("/admin/orders/new"),
        ]
        assert [answer.status_code for answer in answers[:4]] == [503] * 4
        assert "not in the database any more" in read(answers[0]).text
        assert answers[4].status_code == 200, "what needs no such column works"
        assert rows.value("NAME1", "KUNDEN", "\"KDNR\" LIKE 'A/1%'") == "Odd"
    finally:
        rows.sql('ALTER TABLE "KUNDEN" RENAME COLUMN "STATE" TO "STATUS"')
    assert olivia.get("/admin/kunden/").status_code == 200


def test_a_command_takes_a_key_as_it_is_written(olivia: Client, run: Callable[..., Any]) -> None:
    shut = ("backoffice", "act", "kunden.shut", "--yes")
    assert run(*shut, "--id", ODD).exit_code == 0
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "shut"
    amount = ("backoffice", "act", "positions.set_amount", "--yes", "--with", "amount=9")
    assert run(*amount, "--id", "~7,1").exit_code == 0
    assert rows.value("AMOUNT", "POSITIONS", '"POS" = 1') == 9
    for wrong, shown in (("7", "7"), ("~\udcff", "~?"), ("\udcff", "?")):
        refused = run(*amount, "--id", wrong)
        assert refused.exit_code == 1
        assert f"“{shown}” is no number or key of a row." in refused.output
    assert run(*shut, "--id", "\udcff").exit_code == 1


def test_two_who_save_at_once_do_not_overwrite_each_other(olivia: Client, app: Flask) -> None:
    address = f"{HREF}/edit"
    old = version(olivia, address)
    boards: Any = app.test_client()
    boards.sign_in("max")
    rows.allow("managers", "kunden.view", "kunden.edit")
    statuses = together(
        lambda: olivia.post(address, {"version": old, "name1": "One"}).status_code,
        lambda: boards.post(address, {"version": old, "name1": "Two"}).status_code,
    )
    assert sorted(statuses) == [303, 409]


def together(*acts: Callable[[], int]) -> list[int]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result() for each in [pool.submit(act) for act in acts]]


def test_what_a_trigger_of_the_erp_refuses_is_said_in_its_words(
    olivia: Client, engine_name: str
) -> None:
    refusing = trigger(
        engine_name,
        sqlite=("BEFORE UPDATE", "SELECT RAISE(ABORT, 'Beta is taken by the ERP.');"),
        postgresql=("BEFORE UPDATE", "RAISE EXCEPTION 'Beta is taken by the ERP.';"),
    )
    with refusing:
        answer = sent(olivia, f"{HREF}/edit", name1="Beta")
        assert answer.status_code == 422
        assert "The database refuses this: Beta is taken by the ERP." in read(answer).text
        assert rows.value("NAME1", "KUNDEN", "\"KDNR\" LIKE 'A/1%'") == "Odd"


def test_what_a_package_lacks_is_said_of_its_own_tables(
    olivia: Client, run: Callable[..., Any]
) -> None:
    said = run("backoffice", "check")
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    assert "/admin/visits/" in said.output
    assert "/admin/kunden/" not in said.output


@pytest.mark.parametrize(
    "action, when, words", [("shut", "UPDATE", {}), ("delete", "DELETE", {"confirm": "delete 1"})]
)
def test_what_a_trigger_does_not_let_happen_is_no_event(
    olivia: Client, engine_name: str, action: str, when: str, words: dict[str, str]
) -> None:
    with ignoring(engine_name, when):
        address = rows.plan(olivia, "kunden", action, [KEY])
        olivia.get(address)
        answer = olivia.post(address, {"step": "run", **words})
        assert answer.location == address, "it is not done"
        assert "did not do it as it was told" in read(olivia.get(address)).text
        assert rows.value("id", "events") is None
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "open"
    assert events.verify() == []


def test_a_form_and_an_undo_that_a_trigger_ignores_are_refused(
    olivia: Client, engine_name: str
) -> None:
    run = act(olivia, "kunden", "shut", KEY)
    with ignoring(engine_name, "UPDATE"):
        answer = sent(olivia, f"{HREF}/edit", name1="Other")
        assert answer.status_code == 422
        assert "did not do it as it was told" in read(answer).text
        undoing = olivia.post(f"{run}/undo").location
        olivia.get(undoing)
        assert olivia.post(undoing, {"step": "run"}).location == undoing
    assert rows.value("STATUS", "KUNDEN", "\"NAME1\" = 'Odd'") == "shut"


def test_an_event_says_what_a_trigger_has_made_of_a_value(olivia: Client, engine_name: str) -> None:
    again = 'UPDATE "KUNDEN" SET "NAME1" = upper(NEW."NAME1") WHERE "KDNR" = NEW."KDNR";'
    upper = trigger(
        engine_name,
        sqlite=('AFTER UPDATE OF "NAME1"', again),
        postgresql=("BEFORE UPDATE", 'NEW."NAME1" = upper(NEW."NAME1"); RETURN NEW;'),
    )
    with upper:
        assert sent(olivia, f"{HREF}/edit", name1="Saved").status_code == 303
        assert rows.newest_event().after == {"name1": "SAVED"}


def test_a_number_below_zero_is_a_key(olivia: Client) -> None:
    rows.order(-5)
    assert olivia.get("/admin/orders/-5").status_code == 200
    act(olivia, "orders", "give", "-5", customer="~B2")
    assert rows.value("KDNR", "ORDERS", '"ORDERNO" = -5') == "B2"
    for odd in ("-0", "--5", "-", "-05x", "-99999999999999999999"):
        assert olivia.get(f"/admin/orders/{odd}").status_code == 404
    assert olivia.get("/admin/users/-1").status_code == 404
