"""Undo: its preview says what it brings back, and it only undoes what the run changed.

Rows that the person may not undo are left to somebody who may.
"""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.actions.engine.undoing import plan_undo
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    edit,
    followed,
    group,
    groups_of,
    outcome,
    run_at,
    status_of,
    undo,
)
from tests.support.html import read
from tests.support.races import ROUNDS, at_once


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def state_of(done: BulkRun) -> str:
    settle()
    return db.session.get_one(BulkRun, done.id).state


def undo_page(client: Client, done: BulkRun) -> str:
    """Return the text of the preview of an undo."""
    return read(followed(client, client.post(f"/admin/bulk-runs/{done.id}/undo"))).one("main").text


def test_what_was_refused_stays_for_whoever_may(olivia: Client, boss: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.managers.id, cast.employee.id)
    page = undo_page(boss, done)
    assert "Undo: Unblock 1 person" in page
    assert "Ended sessions stay ended: people sign in again." in page
    assert (
        "1 refused: managers@example.com has a group or a permission that you cannot assign, "
        "or sees more than you." in page
    )
    undone = run_at(undo(boss, done))
    assert undone.counts == {"done": 1, "refused": 1}
    assert (status_of(cast.employee), status_of(cast.managers)) == ("active", "blocked")
    assert state_of(done) == "done"
    assert "Partly undone: 1 of 2 rows." in olivia.get(f"/admin/bulk-runs/{done.id}").text
    assert "Partly undone" in olivia.get("/admin/bulk-runs/").text
    rest = run_at(undo(olivia, done))
    assert rest.counts == {"done": 1}
    assert status_of(cast.managers) == "active"
    assert state_of(done) == "undone"
    assert "This run was undone." in olivia.get(f"/admin/bulk-runs/{done.id}").text


def test_an_undo_that_could_do_nothing_is_not_used_up(olivia: Client, boss: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.managers.id)
    undone = run_at(undo(boss, done))
    assert outcome(undone, cast.managers.id) == ("refused", "outranked")
    assert state_of(done) == "done"
    assert "undone" not in olivia.get(f"/admin/bulk-runs/{done.id}").text
    assert outcome(run_at(undo(olivia, done)), cast.managers.id) == ("done", "")
    assert (status_of(cast.managers), state_of(done)) == ("active", "undone")


def test_a_look_at_an_undo_uses_up_nothing(olivia: Client, boss: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.employee.id)
    for client in (boss, olivia, boss):
        assert "Undo: Unblock 1 person" in undo_page(client, done)
    assert (status_of(cast.employee), state_of(done)) == ("blocked", "done")


def test_groups_that_are_gone_are_said_beforehand_and_left_out(olivia: Client) -> None:
    cast = Cast()
    spare = Group(name="Spare", permissions=[])
    db.session.add(spare)
    cast.employee.groups = [group("employee"), spare]
    settle()
    done = act(olivia, "users", "revoke", cast.employee.id)
    act(olivia, "groups", "delete", spare.id)
    assert "1 group deleted since then: left out." in undo_page(olivia, done)
    run_at(undo(olivia, done))
    assert groups_of(cast.employee) == {"Employee"}


def test_groups_that_may_not_be_given_back_are_named_beforehand(
    olivia: Client, boss: Client
) -> None:
    cast = Cast()
    cast.employee.groups = [group("employee"), group("managers")]
    settle()
    done = act(olivia, "users", "revoke", cast.employee.id, cast.dispatcher.id)
    page = undo_page(boss, done)
    assert "employee@example.com had a group or a permission that you cannot assign." in page
    assert "Not yours to give back: Managers." in page
    run_at(undo(boss, done))
    assert (groups_of(cast.employee), groups_of(cast.dispatcher)) == (set(), {"Dispatcher"})


def test_what_was_changed_since_is_said_beforehand(olivia: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.employee.id, cast.dispatcher.id)
    edit(olivia, "users", cast.employee.id, phone="+49 30 1234567")
    page = undo_page(olivia, done)
    assert "Undo: Unblock 1 person" in page
    assert "1 left alone: changed by somebody since." in page
    run_at(undo(olivia, done))
    assert state_of(done) == "undone", "nothing is left that anybody could bring back"
    assert "Partly undone: 1 of 2 rows." in olivia.get(f"/admin/bulk-runs/{done.id}").text


def test_an_undo_of_an_undo_does_it_again(olivia: Client, boss: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.managers.id, cast.employee.id)
    part = run_at(undo(boss, done))
    again = run_at(undo(olivia, part))
    assert (again.counts, again.reason) == ({"done": 1}, f"Undo of bulk run {part.id}")
    assert (status_of(cast.employee), status_of(cast.managers)) == ("blocked", "blocked")
    rest = run_at(undo(olivia, done))
    assert rest.counts == {"done": 1}, "of the first run only the manager is left"
    assert (status_of(cast.employee), status_of(cast.managers)) == ("blocked", "active")


@pytest.mark.slow
def test_two_undos_at_once_do_each_row_once(app: Flask, olivia: Client) -> None:
    cast = Cast()
    block = find("users.block")
    assert block is not None
    actors = (cast.actor("olivia"), cast.actor("administrators"))
    people = Selection(ids=[cast.employee.id, cast.dispatcher.id])
    undone = 0
    for number in range(ROUNDS):
        planned = preview(actor=actors[0], action=block, selection=people).run
        done = run(actor=actors[0], token=planned.token, action=block, reason="A moment")
        plans = [plan_undo(actor=actor, run_id=done.id) for actor in actors]
        tokens = [
            (actor, shown.run.token, shown.action)
            for actor, shown in zip(actors, plans, strict=True)
        ]
        db.session.commit()

        def take_back(actor: object, token: object, action: object) -> dict[str, int]:
            with app.app_context():
                counts = run(actor=actor, token=token, action=action).counts  # type: ignore[arg-type]  # as above
                db.session.commit()
                return dict(counts)

        found = at_once([partial(take_back, *each) for each in tokens])
        assert sorted(map(str, found)) == ["{'done': 2}", "{'stale': 2}"], f"round {number}"
        assert state_of(done) == "undone", f"round {number}"
        undone += 2
    happened = select(func.count(Event.id)).where(
        Event.action == "users.unblock", Event.result == "done"
    )
    assert db.session.scalar(happened) == undone


def test_no_number_of_a_group_is_told_to_those_who_see_none(olivia: Client, app: Flask) -> None:
    cast = Cast()
    done = act(olivia, "users", "revoke", cast.employee.id)
    rights = [
        "users.view",
        "users.revoke",
        "users.block",
        "bulk.undo",
        "bulk.run",
        "bulk_runs.view",
    ]
    db.session.execute(update(Group).where(Group.key == "viewers").values(permissions=rights))
    settle()
    page = undo_page(app.test_client().sign_in("vera"), done)
    assert "that you cannot assign" in page
    assert "Not yours to give back" not in page
