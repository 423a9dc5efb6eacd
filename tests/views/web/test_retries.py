"""Requests that conflict on the same rows both succeed, once each.

Where that is impossible, the page says what happened.
"""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import structlog
from flask import Flask, request
from sqlalchemy import func, select, text

from backoffice.data import records
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, outside, settle
from backoffice.testing.stage import Stage
from tests.support.html import read
from tests.support.patience import PATIENCE
from tests.support.races import at_once

ROUNDS, LOOKED = 40, 10
SAVED = "is saved."
REFUSED = 60
Build = Callable[..., Flask]


def number_of(what: Any, *which: Any) -> int:
    settle()
    number = db.session.scalar(select(func.count()).select_from(what).where(*which)) or 0
    settle()
    return number


def locking_oneself_first(monkeypatch: pytest.MonkeyPatch, pair: tuple[int, int]) -> None:
    """Make each edit lock the actor before the other person, so that two edits always deadlock.

    Rules that look at both people might do the same. Neither goes on to the other person before
    both have themselves, but for the one that is repeated, as the other is through by then.
    """
    require, both = records.require, threading.Barrier(2)
    seen: set[str] = set()

    def locked(actor: Any, code: str, *others: Any) -> None:
        require(actor, code, *others)
        if code != "users.edit" or request.method != "POST":
            return
        for person in sorted(pair, key=lambda each: each != actor.user_id):
            db.session.execute(select(func.pg_advisory_xact_lock(person)))
            edit = f"{actor.user_id} {request.form['first_name']}"
            if edit not in seen:
                seen.add(edit)
                both.wait(PATIENCE)

    monkeypatch.setattr(records, "require", locked)
    # With the first lock, writers of people would go one after the other.
    monkeypatch.setattr(records, "first_lock", lambda _model: "")


def renamed(client: Client, person: int, version: int, name: str) -> int:
    return client.post(
        f"/admin/users/{person}/edit", {"version": version, "first_name": name}
    ).status_code


def said(client: Client) -> int:
    """Return how many times the next page says that something was saved."""
    return read(client.get("/account/")).one("div", class_="flashes").text.count(SAVED)


@pytest.fixture
def impatient(stage: Stage, app: Flask) -> Iterator[None]:
    """Let PostgreSQL look for deadlocks after ten milliseconds instead of a second."""
    # ALTER DATABASE takes no expression for the name, hence the detour over EXECUTE.
    change = (
        "DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I {} deadlock_timeout {}', current_database()); END $$"
    )
    connection = stage.database.connection  # type: ignore[attr-defined]  # PostgreSQL's
    connection.execute(change.format("SET", "= 10"))
    yield
    connection.execute(change.format("RESET", ""))


@pytest.mark.slow
@pytest.mark.one_engine("postgresql", reason="writers of SQLite go one after the other")
def test_two_people_who_act_on_each_other_both_succeed(
    impatient: None, app_with: Build, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends one of two deadlocked requests, and that one is repeated."""
    cast.max.groups = list(db.session.scalars(select(Group).where(Group.key == "administrators")))
    pair = (cast.olivia.id, cast.max.id)
    settle()
    app = app_with()
    clients = [app.test_client().sign_in(name) for name in ("max", "olivia")]
    for client in clients:
        client.token()
    edits, mails = number_of(Event, Event.action == "users.edit"), number_of(Message)
    locking_oneself_first(monkeypatch, pair)
    with structlog.testing.capture_logs() as logs:
        for number in range(1, ROUNDS + 1):
            versions = dict(
                db.session.execute(select(User.id, User.version).where(User.id.in_(pair))).all()
            )
            settle()
            acts = [
                partial(renamed, client, person, versions[person], f"Name {number}")
                for client, person in zip(clients, pair, strict=True)
            ]
            assert at_once(acts) == [303, 303], number
            if number % LOOKED == 0:
                assert [said(client) for client in clients] == [LOOKED, LOOKED]
    assert number_of(Event, Event.action == "users.edit") == edits + 2 * ROUNDS
    assert number_of(Message) == mails
    repeated = [line for line in logs if line["event"] == "request_repeated"]
    assert len(repeated) >= ROUNDS, "one of the two in each round"


@pytest.mark.one_engine("postgresql", reason="writers of SQLite go one after the other")
def test_who_meets_others_again_and_again_is_told(
    app_with: Build, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app_with().test_client().sign_in("olivia")
    tries: list[int] = []

    def get(**_others: Any) -> Any:
        tries.append(1)
        db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"))

    vera = cast.vera.id
    version = cast.vera.version
    client.token()
    monkeypatch.setattr(records, "get", get)
    answer = client.post(f"/admin/users/{vera}/edit", {"version": version, "first_name": "Vea"})
    assert answer.status_code == 503
    assert "Somebody else was changing the same rows. Nothing was changed" in answer.text
    assert len(tries) == 4
    assert "Name" not in cast.vera.first_name


@pytest.mark.one_engine("postgresql", reason="writers of SQLite go one after the other")
def test_what_was_kept_in_part_is_not_done_again(
    app_with: Build, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app_with().test_client().sign_in("olivia")
    tries: list[int] = []

    def get(**_others: Any) -> Any:
        tries.append(1)
        db.session.execute(select(1))
        db.session.commit()
        db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"))

    vera = cast.vera.id
    client.token()
    monkeypatch.setattr(records, "get", get)
    answer = client.post(f"/admin/users/{vera}/edit", {"version": 1, "first_name": "Vea"})
    assert (answer.status_code, len(tries)) == (503, 1)


@pytest.mark.slow
def test_a_refused_export_is_noted_beside_writers(
    app_with: Build, stage: Stage, cast: Cast
) -> None:
    """The request only reads until it is refused, and then writes its event.

    The event is written although another transaction keeps writing.
    """
    client = app_with(denials_per_minute=1000).test_client().sign_in("vera")
    done = threading.Event()

    def write() -> None:
        with stage.app.app_context():
            while not done.is_set():
                db.session.execute(
                    text("UPDATE users SET phone = '' WHERE email_key = 'max@example.com'")
                )
                db.session.commit()
        with stage.app.app_context():
            db.session.remove()

    writer = threading.Thread(target=outside, args=(write,))
    settle()
    writer.start()
    try:
        statuses = {client.get("/admin/users/export.csv").status_code for _ in range(REFUSED)}
    finally:
        done.set()
        writer.join()
    assert statuses == {403}
    assert number_of(Event, Event.result == "denied") == REFUSED
