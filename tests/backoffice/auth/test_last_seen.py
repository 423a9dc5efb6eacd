"""The time at which a session was last used is noted beside other writers.

It never fails or delays a request.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import last_seen
from backoffice.database import Timeouts
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.patience import PATIENCE
from tests.support.races import at_once
from tests.support.statements import counted

pytestmark = pytest.mark.usefixtures("still")

SESSIONS = 30
LONG_AGO = timedelta(minutes=20)


def visitors(app: Flask, number: int) -> list[Client]:
    found = []
    for _ in range(number):
        visitor = app.test_client().sign_in("vera")
        assert isinstance(visitor, Client)
        found.append(visitor)
    return found


def let_pass(passed: timedelta) -> None:
    """Change every session as if it had been used for the last time so long ago."""
    settle()
    then = clock.now() - passed
    db.session.execute(
        update(Session).values(last_seen_at=then, idle_at=then + timedelta(minutes=30))
    )
    settle()


@contextmanager
def steady_writer(app: Flask) -> Iterator[None]:
    """Write over and over meanwhile, each time for some milliseconds."""
    stop, begun = Event(), Event()

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                db.session.connection(execution_options={"writing": True})
                db.session.execute(update(Session).where(Session.id == 0).values(device="another"))
                stop.wait(0.004)
                db.session.commit()
                begun.set()
                stop.wait(0.002)

    thread = Thread(target=write)
    thread.start()
    try:
        assert begun.wait(PATIENCE)
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


@contextmanager
def sole_writer(app: Flask) -> Iterator[None]:
    """Hold SQLite's write lock for the whole block."""
    with app.app_context():
        path = db.engine.url.database
    other = sqlite3.connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_no_note_is_lost_beside_a_steady_writer(app: Flask, cast: Cast) -> None:
    browsers = visitors(app, SESSIONS)
    let_pass(LONG_AGO)
    before = clock.now()
    with steady_writer(app):
        answers = at_once([partial(each.get, "/account/sessions") for each in browsers])
    assert {answer.status_code for answer in answers} == {200}
    settle()
    unseen = db.session.scalars(select(Session.id).where(Session.last_seen_at < before)).all()
    assert unseen == []
    assert last_seen._unwritten == {}


def test_a_request_writes_only_where_the_last_note_is_a_minute_old(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("vera")
    client.get("/account/sessions")
    for passed, expected in ((timedelta(seconds=50), 0), (timedelta(seconds=70), 1)):
        let_pass(passed)
        with counted(db.engine) as seen:
            client.get("/account/sessions")
        assert (
            len([text for text in map(str, seen) if text.startswith("UPDATE sessions")]) == expected
        )


@pytest.mark.one_engine("sqlite", reason="PostgreSQL has no single writer to wait for")
def test_nobody_who_works_is_signed_out_because_the_database_was_busy(
    app: Flask, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request writes down the note of this one, even if it comes after the half hour."""
    monkeypatch.setattr(last_seen, "BRIEF", Timeouts(statement=0.05, lock=0.05))
    client.sign_in("vera")
    let_pass(timedelta(minutes=29))
    with sole_writer(app):
        assert client.get("/account/sessions").status_code == 200
    let_pass(timedelta(minutes=31))
    with sole_writer(app):
        assert client.get("/account/sessions").status_code == 503
    assert client.get("/account/sessions").status_code == 200
    settle()
    assert db.session.scalars(select(Session.last_seen_at)).one() > clock.now() - timedelta(
        minutes=1
    )


def test_whoever_does_not_work_is_signed_out(app: Flask, client: Client, cast: Cast) -> None:
    client.sign_in("vera")
    let_pass(timedelta(minutes=31))
    assert client.get("/account/sessions").status_code == 303


def test_a_note_does_not_bring_back_a_session_that_was_ended(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("vera")
    let_pass(LONG_AGO)
    db.session.execute(update(Session).values(ended_at=clock.now()))
    assert client.get("/account/sessions").status_code == 303
    settle()
    assert db.session.scalars(select(Session.last_seen_at)).one() < clock.now() - timedelta(
        minutes=19
    )
