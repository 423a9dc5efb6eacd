"""Block and unblock do exactly what the preview announces beyond the rows."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import false, select

from backoffice import clock
from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, decided, outcome, previewed, status_of, token_of
from tests.support.factors import give_email_codes, mailed, visitor
from tests.support.html import read
from tests.support.links import invited
from tests.support.told import problem, told


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def test_a_block_announces_mails_and_ended_sessions_and_what_undo_cannot_bring_back(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    give_email_codes(cast.max)
    settle()
    visitor(app).sign_in("vera")
    shown = previewed(olivia, "users", "block", cast.max.id, cast.vera.id)
    text = read(shown).text
    assert told(shown).headline == (
        "Tells 1 person by e-mail.",  # Vera's address is not confirmed
        "Ends 1 session.",
    )
    assert "What undo cannot bring back" in text
    assert "A mail that left cannot be called back." in text
    assert mailed(app, "blocked") == []
    assert confirmed(olivia, "users", "block", shown, "Left the company").status_code == 303
    assert (len(mailed(app, "blocked", cast.max)), len(mailed(app, "blocked"))) == (1, 1)
    again = previewed(olivia, "users", "unblock", cast.max.id, cast.vera.id)
    assert "Tells 1 person by e-mail." in read(again).text


def test_where_nothing_is_to_be_done_nothing_is_said_about_its_undo(
    olivia: Client, cast: Cast
) -> None:
    text = read(previewed(olivia, "users", "block", cast.eve.id)).text
    assert "There is nothing to do for the chosen rows." in text
    assert "What undo cannot bring back" not in text


def test_a_run_that_would_leave_no_administrator_changes_nothing(
    olivia: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the rules about single people let it pass, the whole is looked at once more."""
    settings = olivia.application.extensions["settings"]
    other = the_cast.add("ada", group="administrators", settings=settings)
    settle()
    of_nobody = partial(replace, refuses=lambda _context: false())
    block = find("users.block")
    assert block
    monkeypatch.setattr(type(block), "rules", tuple(map(of_nobody, block.rules)))
    page = previewed(olivia, "users", "block", cast.olivia.id, other.id)
    answer = decided(olivia, "users", "block", token_of(page))
    assert answer.status_code == 422
    assert problem(answer) == "This would leave no administrator who can sign in."
    assert (status_of(cast.olivia), status_of(other)) == ("active", "active")
    one = previewed(olivia, "users", "block", cast.olivia.id)
    assert decided(olivia, "users", "block", token_of(one)).status_code == 303
    assert status_of(cast.olivia) == "blocked", "the other one stays"


@pytest.mark.parametrize("back", ["unblock", "regrant"])
def test_who_is_back_has_the_reason_the_time_and_the_name_of_who_did_it(
    still: datetime, olivia: Client, cast: Cast, back: str
) -> None:
    away = {"unblock": "block", "regrant": "revoke"}[back]
    act(olivia, "users", away, cast.max.id, reason="On leave")
    settle()
    assert (cast.max.status_before, cast.max.status_reason) == ("active", "On leave")
    assert (cast.max.status_by_id, cast.max.status_at) == (cast.olivia.id, still)
    later = still + timedelta(minutes=1)
    with clock.at(later):
        act(olivia, "users", back, cast.max.id, reason="Back again")
    settle()
    assert (cast.max.status, cast.max.status_before) == ("active", None)
    assert cast.max.status_reason == "Back again"
    assert (cast.max.status_by_id, cast.max.status_at) == (cast.olivia.id, later)
    assert cast.max.version == 3
    event = db.session.scalars(select(Event).where(Event.action == f"users.{back}")).one()
    before, after = event.before or {}, event.after or {}
    assert (before["status_reason"], after["status_reason"]) == ("On leave", "Back again")
    assert (before["status"], after["status"]) == (
        {"unblock": "blocked", "regrant": "revoked"}[back],
        "active",
    )


def test_who_had_not_accepted_yet_is_invited_again_after_the_block(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    """Also where it is not known what they were before: nobody without a password is active."""
    ivan = invited(app, cast.olivia)
    act(olivia, "users", "block", ivan.id)
    act(olivia, "users", "unblock", ivan.id)
    assert status_of(ivan) == "invited"
    for status, password, expected in (("blocked", None, "invited"), ("blocked", "x", "active")):
        ivan.status, ivan.status_before, ivan.password_hash = status, None, password
        settle()
        act(olivia, "users", "unblock", ivan.id)
        assert status_of(ivan) == expected
    for password, expected in ((None, "invited"), ("x", "active")):
        ivan.status, ivan.status_before, ivan.password_hash = "revoked", "blocked", password
        settle()
        act(olivia, "users", "regrant", ivan.id)
        assert status_of(ivan) == expected, "not blocked again"


@pytest.mark.parametrize("action", ["revoke", "regrant"])
def test_who_is_in_that_state_already_is_left_alone(
    olivia: Client, cast: Cast, action: str
) -> None:
    act(olivia, "users", "revoke", cast.max.id)
    if action == "regrant":
        act(olivia, "users", "regrant", cast.max.id)
        act(olivia, "users", "revoke", cast.vera.id)
    else:
        settle()
    run = act(olivia, "users", action, cast.max.id, cast.vera.id)
    assert outcome(run, cast.max.id) == ("unchanged", "")
    assert outcome(run, cast.vera.id) == ("done", "")


def test_to_end_ones_own_sessions_is_to_end_the_others(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    visitor(app).sign_in("vera")
    alone = act(olivia, "users", "end-sessions", cast.olivia.id, cast.vera.id)
    assert outcome(alone, cast.olivia.id) == ("unchanged", "")
    assert outcome(alone, cast.vera.id) == ("done", "")
    visitor(app).sign_in("olivia")
    both = act(olivia, "users", "end-sessions", cast.olivia.id)
    assert outcome(both, cast.olivia.id) == ("done", "")
    assert olivia.get("/account/").status_code == 200, "the one in use goes on"
