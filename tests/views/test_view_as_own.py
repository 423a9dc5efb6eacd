"""View as: what the person did is theirs to see, and what they prove is theirs alone."""

from typing import Any

import pytest
from sqlalchemy import update

from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group
from tests.support.html import read
from tests.support.viewing import view_as


@pytest.fixture
def dispatcher(staff: list[str], entered: Any) -> Client:
    """The dispatcher, who ends sessions; nobody but administrators sees the runs of others."""
    for key in ("dispatcher", "main_administrator"):
        codes = {*group(key).permissions, "bulk.run", "users.end_sessions"} - {"bulk_runs.view"}
        group(key).permissions = sorted(codes)
    settle()
    visitor = entered("dispatcher")
    assert isinstance(visitor, Client)
    return visitor


def test_own_runs_are_shown_as_the_person_gets_them(
    dispatcher: Client, entered: Any, client: Client
) -> None:
    employee = Cast().employee
    run = act(dispatcher, "users", "end-sessions", employee.id, reason="Left the phone in a taxi")
    boss = entered("main_administrator")
    assert boss.get(f"/admin/bulk-runs/{run.id}").status_code == 404, "the boss sees own runs alone"

    view_as(boss, "dispatcher")
    shown = boss.get(f"/admin/bulk-runs/{run.id}")
    assert "Left the phone in a taxi" in shown.text
    assert employee.name in shown.text
    assert boss.get(f"/admin/bulk-runs/{run.id}/items.csv").status_code == 403


def test_own_runs_name_nobody_whom_the_two_do_not_see_now(dispatcher: Client, entered: Any) -> None:
    employee = Cast().employee
    run = act(dispatcher, "users", "end-sessions", employee.id, reason="Left the phone in a taxi")
    dispatchers = group("dispatcher")
    dispatchers.permissions = ["bulk.run", "users.end_sessions"]
    settle()
    boss = entered("main_administrator")
    view_as(boss, "dispatcher")
    shown = boss.get(f"/admin/bulk-runs/{run.id}")
    assert f"Person {employee.id}" in shown.text
    assert employee.name not in shown.text


def test_a_page_that_asks_for_a_proof_says_that_it_is_theirs_alone(
    client: Client, staff: list[str]
) -> None:
    view_as(client.sign_in("olivia"), "main_administrator")
    db.session.execute(update(Session).values(confirmed_at=None))
    settle()
    page = read(client.get("/admin/groups/sheet", follow_redirects=True))
    assert page.one("h1").text == "Not while you view as somebody else"
    assert "People who open this page confirm first who they are" in page.one(".fault").text
    assert page.one(".viewing button").text == "Leave"
