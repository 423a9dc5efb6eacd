"""Delete erases a person.

Nothing that names them is left in any table, and the log's chain stays whole.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, or_, select

from backoffice import events
from backoffice.auth import attempts
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, edit, everything, group, previewed, undo

NAMES = ("quentin", "quarrel", "+495550199", "192.0.2.77")  # in no other row; compared without case


def remains() -> list[str]:
    """Return every value of every table that names him."""
    return [
        f"{table}: {value!r}"
        for table, rows in everything().items()
        for row in rows
        for value in row
        if any(name in str(value).casefold() for name in NAMES)
    ]


@pytest.fixture
def quentin(app: Flask, client: Client, cast: Cast) -> User:
    """Add somebody with a history.

    He was added, edited, signed in, failed to sign in, added another person, was blocked, unblocked
    and searched for.
    """
    client.sign_in("olivia")
    values = {"first_name": "Quentin", "last_name": "Quarrel", "phone": "+495550199"}
    app.test_client().try_sign_in("quentin", "too early")
    add(
        client,
        "users",
        email="Quentin@example.com",
        groups=["", group("administrators").id],
        **values,
    )
    person = Cast().quentin
    person.password_hash, person.password_state, person.status = (
        cast.olivia.password_hash,
        "usable",
        "active",
    )
    app.test_client().post(
        "/password/forgotten", {"identifier": "Quentin@example.com"}
    )  # waits for a worker
    own = app.test_client().sign_in("quentin")
    add(
        own,
        "users",
        email="protege@example.com",
        first_name="Proteg",
        groups=["", group("viewers").id],
    )
    own.get("/admin/users/export.csv", buffered=True)
    for _ in range(7):  # the last of them are throttled, and belong to nobody's row
        app.test_client().try_sign_in("quentin", "wrong")
    edit(client, "users", person.id, last_name="Quarrel-Smith", ip_whitelist="192.0.2.77")
    edit(client, "users", person.id, email="quentin.quarrel@example.com", ip_whitelist="")
    blocked = act(
        client,
        "users",
        "block",
        all_matching="1",
        search="quentin",
        reason="Quentin Quarrel asked for it",
    )
    undo(client, blocked)
    previewed(client, "users", "block", all_matching="1", search="quentin.quarrel@example.com")
    app.test_client().try_sign_in("quentin.quarrel", "wrong")
    settle()
    return person


def test_he_is_everywhere_before(quentin: User) -> None:
    """Otherwise the search for what remains would prove nothing."""
    tables = {line.partition(":")[0] for line in remains()}
    assert tables >= {"users", "events", "bulk_runs", "messages", "tokens"}


def tries_of(app: Flask, person: User) -> int:
    """Return the tries of the person, and those with their address before they had an account.

    Requests for links are among them.
    """
    names = ("quentin@example.com", "quentin.quarrel@example.com")
    hashes = [
        each
        for name in names
        for each in attempts.identifier_hashes(name, app.extensions["settings"])
    ]
    keys = [attempts.identifier_key(each) for each in hashes]
    theirs = or_(SignInAttempt.user_id == person.id, SignInAttempt.throttle_key.in_(keys))
    waiting = select(func.count(Message.id)).where(Message.address.in_(hashes))
    tries = select(func.count(SignInAttempt.id)).where(theirs)
    return (db.session.scalar(tries) or 0) + (db.session.scalar(waiting) or 0)


@pytest.mark.parametrize("way", ["ticked", "all_matching"])
def test_nothing_that_names_him_remains(
    app: Flask, client: Client, quentin: User, way: str
) -> None:
    assert tries_of(app, quentin) > 0
    if way == "ticked":
        act(client, "users", "delete", quentin.id)
    else:
        act(client, "users", "delete", all_matching="1", search="quarrel")
    assert remains() == []
    assert tries_of(app, quentin) == 0
    assert quentin.status == "deleted"
    assert (quentin.password_hash, quentin.groups, quentin.client_tags) == (None, [], [])


def test_the_log_keeps_who_did_what_and_its_chain(
    client: Client, quentin: User, run: Callable[..., Any]
) -> None:
    person_id = quentin.id
    about = (
        select(Event.action)
        .where(Event.subject_id == person_id, Event.subject_type == "users")
        .order_by(Event.id)
    )
    before = list(db.session.scalars(about))
    act(client, "users", "delete", person_id)
    settle()
    assert list(db.session.scalars(about)) == [*before, "users.delete"]
    assert db.session.scalars(select(Event.id).where(Event.actor_id == person_id)).all() != []
    assert events.verify() == []
    assert run("backoffice", "verify-events").exit_code == 0


def test_events_of_others_are_not_emptied(client: Client, quentin: User, cast: Cast) -> None:
    edit(client, "users", cast.vera.id, phone="+12025550155")
    act(client, "users", "delete", quentin.id)
    settle()
    kept = db.session.scalars(select(Event).where(Event.subject_id == cast.vera.id)).one()
    assert ((kept.after or {})["phone"], kept.redacted_at) == ("+12025550155", None)


def test_his_address_is_free_again(client: Client, quentin: User) -> None:
    person_id = quentin.id
    act(client, "users", "delete", person_id)
    assert add(client, "users", email="quentin.quarrel@example.com").status_code == 303
    settle()
    assert (
        db.session.scalars(
            select(User.id).where(User.email_key == "quentin.quarrel@example.com")
        ).one()
        > person_id
    )


def test_his_session_ends_and_the_page_of_his_runs_still_opens(
    app: Flask, client: Client, quentin: User
) -> None:
    db.session.execute(delete(SignInAttempt))  # he failed too often to sign in now
    his = app.test_client().sign_in("quentin.quarrel")
    given = act(his, "users", "add-to-group", Cast().vera.id, group=group("managers").id)
    act(client, "users", "delete", quentin.id)
    assert his.get("/").status_code == 303
    for path in (
        f"/admin/bulk-runs/{given.id}",
        "/admin/bulk-runs/",
        "/admin/events/",
        "/",
        "/admin/users/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "uarrel" not in answer.get_data(as_text=True)
