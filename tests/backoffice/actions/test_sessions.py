"""Sessions of others are ended one by one or together, but not one's own present one."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import confirmed, outcome, previewed, run_at
from tests.support.factors import is_in, visitor
from tests.support.told import Told, flashed, told


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def sessions_of(person: User) -> list[int]:
    settle()
    statement = select(Session.id).where(Session.user_id == person.id).order_by(Session.id)
    return list(db.session.scalars(statement))


def test_ending_sessions(app: Flask, olivia: Client) -> None:
    cast = Cast()
    max_, elsewhere = visitor(app).sign_in("max"), visitor(app).sign_in("olivia")
    own, other = sessions_of(cast.olivia)
    (his,) = sessions_of(cast.max)
    page = previewed(olivia, "sessions", "end", own, other, his)
    assert told(page) == Told(
        "End 2 sessions",
        (f"1 refused: Session {own} is the one you are using: sign out instead.",),
        ("Ended sessions stay ended: people sign in again.",),
        ("Will be ended 2", "Refused 1"),
    )
    answer = confirmed(olivia, "sessions", "end", page)
    assert "2 sessions ended. 1 refused." in flashed(olivia, answer)
    assert outcome(run_at(answer), own) == ("refused", "current")
    assert [is_in(each) for each in (olivia, max_, elsewhere)] == [True, False, False]
    settle()
    ended = db.session.get_one(Session, his)
    assert ended.ended_reason == "by an administrator"
    event = db.session.scalars(
        select(Event).where(Event.subject_id == his, Event.action == "sessions.end")
    ).one()
    assert event.before == {"ended_at": None, "ended_reason": ""}
    assert set(event.after or {}) == {"ended_at", "ended_reason"}
    assert (event.after or {})["ended_reason"] == "by an administrator"


def test_what_is_over_already_would_not_change(app: Flask, olivia: Client) -> None:
    cast = Cast()
    visitor(app).sign_in("max")
    visitor(app).sign_in("max")
    first, second = sessions_of(cast.max)
    db.session.get_one(Session, first).ended_at = clock.now()
    db.session.get_one(Session, second).idle_at = clock.now() - timedelta(seconds=1)
    settle()
    page = previewed(olivia, "sessions", "end", first, second)
    assert told(page) == Told(
        "End 0 sessions",
        ("2 would not change: already ended.",),
        rows=("Already ended 2",),
    )


def test_sessions_of_those_above_are_out_of_reach_and_ones_own_are_not(
    app: Flask, staff: list[str]
) -> None:
    """The main administrator is in a group that they may not give: their own."""
    boss = visitor(app).sign_in("main_administrator")
    visitor(app).sign_in("main_administrator")
    visitor(app).sign_in("managers")
    visitor(app).sign_in("employee")
    cast = Cast()
    (above,), (below,) = sessions_of(cast.managers), sessions_of(cast.employee)
    _present, own = sessions_of(cast.main_administrator)
    page = previewed(boss, "sessions", "end", above, below, own)
    assert told(page).title == "End 2 sessions"
    assert told(page).headline == (
        f"1 refused: Session {above} is of somebody in a group that you cannot assign.",
    )
    run = run_at(confirmed(boss, "sessions", "end", page))
    assert outcome(run, above) == ("refused", "outranked")
    assert outcome(run, below) == outcome(run, own) == ("done", "")
