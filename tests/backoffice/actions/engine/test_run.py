"""A run asks for what it needs, does what its preview showed, and writes down the rest."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.actions.engine.run import REASON_LENGTH
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.html import error_at, read
from tests.support.told import by_name, flashed


@pytest.fixture
def olivia(still: datetime, client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def pressed(client: Client, action: str, *rows: int, **words: str) -> str:
    """Preview and press the button with these words; return the message at the field, if any."""
    page = previewed(client, "users", action, *rows)
    words = {"reason": " ", **words}
    answer = decided(client, "users", action, token_of(page), **words)
    field = "confirm" if "confirm" in words else "reason"
    return error_at(answer, field) if answer.status_code == 422 else ""


def events(action: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == action).order_by(Event.id)))


def test_a_reason_is_asked_for(olivia: Client) -> None:
    person = Cast().employee
    asked = "Say why, in a few words: the reason is kept in the events log."
    assert pressed(olivia, "block", person.id) == asked
    assert pressed(olivia, "block", person.id, reason="\n \t") == asked
    assert status_of(person) == "active"
    assert pressed(olivia, "unblock", Cast().eve.id) == "", "not for everything"
    assert status_of(Cast().eve) == "active"


def test_a_reason_has_its_length(olivia: Client) -> None:
    person = Cast().employee
    too_long = f"Keep the reason under {REASON_LENGTH} characters."
    assert pressed(olivia, "block", person.id, reason="x" * (REASON_LENGTH + 1)) == too_long
    assert status_of(person) == "active"
    assert pressed(olivia, "block", person.id, reason="x" * REASON_LENGTH) == ""
    assert status_of(person) == "blocked"


def test_a_reason_keeps_its_lines_and_goes_into_every_event(olivia: Client) -> None:
    cast = Cast()
    assert pressed(olivia, "block", cast.employee.id, cast.dispatcher.id, reason="Left\nus") == ""
    assert [event.reason for event in events("users.block")] == ["Left\nus", "Left\nus"]
    assert cast.employee.status_reason == "Left\nus"


@pytest.mark.parametrize("typed", ["delete 1", " DELETE  1 ", "Delete 1"])
def test_words_to_type_are_taken_in_any_letters(olivia: Client, typed: str) -> None:
    assert pressed(olivia, "delete", Cast().employee.id, confirm=typed) == ""
    settle()
    deleted = db.session.scalars(select(User.id).where(User.status == "deleted")).all()
    assert len(deleted) == 1


@pytest.mark.parametrize("typed", ["delete 2", "delete", "1", "erase 1"])
def test_other_words_delete_nobody(olivia: Client, typed: str) -> None:
    message = pressed(olivia, "delete", Cast().employee.id, confirm=typed)
    assert message == "Type “delete 1” to confirm."
    assert status_of(Cast().employee) == "active"


def test_the_words_count_those_who_are_done_and_not_those_who_are_refused(olivia: Client) -> None:
    cast = Cast()
    message = pressed(olivia, "delete", cast.employee.id, cast.olivia.id, confirm="delete 2")
    assert message == "Type “delete 1” to confirm."


def test_what_was_run_is_written_down(olivia: Client, still: datetime) -> None:
    cast = Cast()
    with clock.at(still + timedelta(seconds=5)):
        page = previewed(olivia, "users", "block", cast.employee.id, cast.eve.id, cast.olivia.id)
    with clock.at(still + timedelta(seconds=9)):
        run = run_at(decided(olivia, "users", "block", token_of(page), reason="Left"))
    assert (run.state, run.counts, run.planned) == (
        "done",
        {"done": 1, "unchanged": 1, "refused": 1},
        3,
    )
    assert (run.created_at, run.finished_at) == (
        still + timedelta(seconds=5),
        still + timedelta(seconds=9),
    )
    assert (run.reason, run.actor_id, run.draft) == ("Left", cast.olivia.id, None)
    found = {event.subject_id: event for event in events("users.block")}
    assert set(found) == {cast.employee.id, cast.olivia.id}, "nothing happened to eve"
    done, denied = found[cast.employee.id], found[cast.olivia.id]
    assert (done.before, done.after) == (
        {"status": "active", "status_reason": ""},
        {"status": "blocked", "status_reason": "Left"},
    )
    assert (denied.result, denied.reason) == ("denied", "Refused: oneself")
    assert (denied.before, denied.after) == (None, None)
    assert {event.bulk_run_id for event in found.values()} == {run.id}
    assert {event.subject_type for event in found.values()} == {"users"}


def test_versions_are_raised_by_one_and_only_of_those_who_changed(olivia: Client) -> None:
    cast = Cast()
    before = {name: getattr(cast, name).version for name in ("employee", "eve", "olivia")}
    act(olivia, "users", "block", cast.employee.id, cast.eve.id, cast.olivia.id)
    settle()
    after = {name: getattr(cast, name).version for name in before}
    assert after == before | {"employee": before["employee"] + 1}
    act(olivia, "users", "add-to-group", cast.dispatcher.id, group=group("viewers").id)
    settle()
    assert cast.dispatcher.version == 2, "also where the action itself touches no person"
    act(olivia, "users", "end-sessions", cast.olivia.id)
    settle()
    assert cast.olivia.version == before["olivia"], "nothing about her was changed"


def test_who_was_changed_since_the_preview_is_left_alone(olivia: Client) -> None:
    """A refused person who was changed is not called refused: nobody has judged them since."""
    cast = Cast()
    page = previewed(olivia, "users", "block", cast.employee.id, cast.dispatcher.id, cast.olivia.id)
    for person in (cast.employee, cast.olivia):
        person.phone, person.version = "+49 30 1", person.version + 1
    settle()
    answer = decided(olivia, "users", "block", token_of(page))
    run = run_at(answer)
    assert run.counts == {"stale": 2, "done": 1}
    assert outcome(run, cast.employee.id) == outcome(run, cast.olivia.id) == ("stale", "")
    assert (status_of(cast.employee), status_of(cast.dispatcher)) == ("active", "blocked")
    said = flashed(olivia, answer)
    assert "1 person blocked. 2 left alone: changed by somebody since." in said
    assert {event.subject_id for event in events("users.block")} == {cast.dispatcher.id}


def test_who_is_not_there_any_more_is_left_alone(olivia: Client) -> None:
    cast = Cast()
    gone, there = cast.employee.id, cast.dispatcher.id
    page = previewed(olivia, "users", "block", gone, there)
    db.session.execute(update(User).where(User.id == gone).values(status="deleted"))
    settle()
    run = run_at(decided(olivia, "users", "block", token_of(page)))
    assert (outcome(run, gone), outcome(run, there)) == (("stale", ""), ("done", ""))


def test_who_would_be_refused_by_now_is(olivia: Client, app: Flask) -> None:
    """Somebody else made the dispatcher a manager: the same person, at the same version."""
    boss = app.test_client().sign_in("main_administrator")
    assert isinstance(boss, Client)
    person = Cast().dispatcher
    page = previewed(boss, "users", "block", person.id)
    person.groups = [group("managers")]
    settle()
    db.session.execute(update(User).where(User.id == person.id).values(version=1))
    settle()
    run = run_at(decided(boss, "users", "block", token_of(page)))
    assert outcome(run, person.id) == ("refused", "outranked")
    assert status_of(person) == "active"


def test_a_second_press_changes_nothing(olivia: Client) -> None:
    person = Cast().employee
    page = previewed(olivia, "users", "block", person.id)
    first = run_at(decided(olivia, "users", "block", token_of(page), reason="Once"))
    act(olivia, "users", "unblock", person.id)
    second = run_at(decided(olivia, "users", "block", token_of(page), reason="Twice"))
    assert (second.id, second.reason) == (first.id, "Once")
    assert status_of(person) == "active"


def test_an_undo_says_of_what_it_is_one(olivia: Client) -> None:
    done = act(olivia, "users", "revoke", Cast().employee.id)
    remembered = db.session.get_one(BulkItem, (done.id, Cast().employee.id)).memory
    assert remembered == {"groups": [group("employee").id]}
    undone = run_at(undo(olivia, done))
    assert undone.reason == f"Undo of bulk run {done.id}"
    (event,) = events("users.regrant")
    assert event.reason == f"Undo of bulk run {done.id}"
    assert event.before == {
        "status": "revoked",
        "status_reason": "They asked for it",
        "groups": [],
    }
    assert by_name(event.after) == {
        "status": "active",
        "status_reason": f"Undo of bulk run {done.id}",
        "groups": ["Employee"],
    }
    assert groups_of(Cast().employee) == {"Employee"}


def test_a_confirmation_that_is_too_old_by_then_is_asked_for_again(olivia: Client) -> None:
    """The preview was asked for in time, and the button pressed an hour later."""
    person = Cast().dispatcher
    page = previewed(olivia, "groups", "delete", group("viewers").id)
    db.session.execute(update(Session).values(confirmed_at=clock.now() - timedelta(hours=1)))
    settle()
    asked = decided(olivia, "groups", "delete", token_of(page), confirm="delete 1")
    assert "Confirm your identity" in read(asked).text
    assert group("viewers").name == "Viewers"
    assert status_of(person) == "active"


def test_rows_keep_their_old_choices_until_the_run(olivia: Client) -> None:
    """The group that was chosen is gone by the time the button is pressed."""
    spare = Group(name="Spare", permissions=[])
    db.session.add(spare)
    settle()
    page = previewed(olivia, "users", "add-to-group", Cast().employee.id, group=spare.id)
    number = spare.id
    db.session.delete(spare)
    settle()
    answer = decided(olivia, "users", "add-to-group", token_of(page))
    assert answer.status_code == 422
    assert f"There is no group with the number {number}." in answer.text
    settle()
    assert {run.state for run in db.session.scalars(select(BulkRun))} == {"planned"}


def test_of_all_administrators_one_stays_at_the_run_too(
    staff: list[str], run: Callable[..., Any]
) -> None:
    """The command line may block anybody, but of both administrators only one."""
    cast = Cast()
    first, second = sorted([cast.olivia.id, cast.administrators.id])
    words = ["users.block", f"--id={first}", f"--id={second}", "--reason=A quarrel", "--yes"]
    said = run("backoffice", "act", *words)
    assert said.exit_code == 0, said.output
    settle()
    done = db.session.scalars(select(BulkRun)).one()
    assert outcome(done, first) == ("refused", "last_administrator")
    assert outcome(done, second) == ("done", "")


def test_a_refusal_is_written_down_once_and_with_its_own_run(olivia: Client) -> None:
    cast = Cast()
    runs = [
        run_at(confirmed(olivia, "users", "block", previewed(olivia, "users", "block", *ids)))
        for ids in ((cast.olivia.id, cast.employee.id), (cast.olivia.id, cast.managers.id))
    ]
    denied = [event for event in events("users.block") if event.result == "denied"]
    assert [event.bulk_run_id for event in denied] == [run.id for run in runs]
