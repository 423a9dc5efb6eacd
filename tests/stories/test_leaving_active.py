"""People who stop being active lose sessions and open links at once.

Unblocking restores the state before.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from backoffice import events
from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.session import Session
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group, run_at, status_of, undo

LEAVING = ("block", "revoke", "delete")


def live_sessions(person_id: int) -> int:
    settle()
    live = select(func.count(Session.id)).where(
        Session.user_id == person_id, Session.ended_at.is_(None)
    )
    return db.session.scalar(live) or 0


def open_links(person_id: int) -> int:
    settle()
    opened = select(func.count(Token.id)).where(Token.user_id == person_id, Token.open())
    return db.session.scalar(opened) or 0


def invited(run: Callable[..., Any], name: str = "ivan") -> tuple[User, str]:
    """Invite a person from the command line; return them and the path of their link."""
    output = run(
        "backoffice", "create-administrator", f"{name}@example.com", "--first-name", "Ivan"
    ).output
    return getattr(Cast(), name), "/invitations/" + output.strip().rpartition("/")[2]


@pytest.mark.parametrize("action", LEAVING)
def test_whoever_leaves_active_is_signed_out_at_the_next_request(
    app: Flask, client: Client, cast: Cast, action: str
) -> None:
    pair = [app.test_client().sign_in("max") for _ in range(2)]
    person_id = cast.max.id
    client.sign_in("olivia")
    act(client, "users", action, person_id)
    assert live_sessions(person_id) == 0
    for visitor in pair:
        assert visitor.get("/").status_code == 303
        assert visitor.post("/admin/client-tags/new", {"name": "Late"}).status_code in (303, 400)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("action", ["block", "delete"])
def test_whoever_leaves_loses_open_links(
    client: Client, cast: Cast, run: Callable[..., Any], app: Flask, action: str
) -> None:
    person, link = invited(run)
    person_id = person.id
    client.sign_in("olivia")
    assert app.test_client().get(link, follow_redirects=True).status_code == 200
    act(client, "users", action, person_id)
    assert open_links(person_id) == 0
    words = {
        "new_password": "five quite unusual words here",
        "repeat_password": "five quite unusual words here",
    }
    assert app.test_client().post(link, words).status_code in (404, 410)
    assert status_of(person) == ("blocked" if action == "block" else "deleted")


@pytest.mark.parametrize("action", LEAVING)
def test_status_sessions_and_links_change_together_or_not_at_all(
    app: Flask, client: Client, cast: Cast, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the event cannot be written, nothing else is kept either."""
    visitor = app.test_client().sign_in("max")
    tokens.issue(
        user=cast.max, purpose="password_reset", valid=app.extensions["settings"].invitation_valid
    )
    client.sign_in("olivia")
    client.expects_500 = True

    def broken(**_: Any) -> None:
        raise DBAPIError("INSERT INTO events", None, Exception("disk full"))

    monkeypatch.setattr(events, "record_many", broken)
    with pytest.raises(AssertionError):
        act(client, "users", action, cast.max.id)
    monkeypatch.undo()
    assert status_of(cast.max) == "active"
    assert live_sessions(cast.max.id) == 1
    assert open_links(cast.max.id) == 1
    assert db.session.scalars(select(BulkRun.state)).all() == ["planned"]
    assert visitor.get("/").status_code == 200


def test_permissions_are_read_at_every_request(app: Flask, client: Client, cast: Cast) -> None:
    visitor = app.test_client().sign_in("max")
    assert visitor.get("/admin/client-tags/new").status_code == 200
    client.sign_in("olivia")
    act(client, "users", "remove-from-group", cast.max.id, group=group("managers").id)
    assert visitor.get("/admin/client-tags/new").status_code == 403
    assert visitor.get("/").status_code == 200


def test_permissions_of_a_group_are_read_at_every_request(
    app: Flask, client: Client, cast: Cast
) -> None:
    visitor = app.test_client().sign_in("max")
    client.sign_in("olivia")
    answer = edit(client, "groups", group("managers").id, permissions=["", "users.view"])
    assert answer.status_code == 303
    assert visitor.get("/admin/client-tags/").status_code == 403
    assert visitor.get("/admin/users/").status_code == 200


def test_the_whitelist_is_read_at_every_request(app: Flask, client: Client, cast: Cast) -> None:
    visitor = app.test_client().sign_in("max")
    client.sign_in("olivia")
    assert edit(client, "users", cast.max.id, ip_whitelist="203.0.113.0/24").status_code == 303
    assert visitor.get("/").status_code == 303
    assert visitor.get("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 200


def test_ended_sessions_stay_ended_after_unblocking(app: Flask, client: Client, cast: Cast) -> None:
    visitor = app.test_client().sign_in("max")
    client.sign_in("olivia")
    blocked = act(client, "users", "block", cast.max.id)
    assert undo(client, blocked).status_code == 303
    assert status_of(cast.max) == "active"
    assert visitor.get("/").status_code == 303
    app.test_client().sign_in("max")


# --- unblock restores the state before ---


@pytest.mark.parametrize("by", ["unblock", "undo"])
def test_an_invited_person_stays_invited_through_a_block(
    app: Flask, client: Client, cast: Cast, run: Callable[..., Any], by: str
) -> None:
    person, link = invited(run)
    client.sign_in("olivia")
    blocked = act(client, "users", "block", person.id)
    assert status_of(person) == "blocked"
    if by == "unblock":
        act(client, "users", "unblock", person.id)
    else:
        run_at(undo(client, blocked))
    assert status_of(person) == "invited"
    assert app.test_client().get(link).status_code == 410


def test_blocking_twice_remembers_the_first_state(
    client: Client, cast: Cast, run: Callable[..., Any]
) -> None:
    person, _link = invited(run)
    client.sign_in("olivia")
    act(client, "users", "block", person.id)
    act(client, "users", "block", person.id)
    act(client, "users", "unblock", person.id)
    assert status_of(person) == "invited"


def test_undoing_an_unblock_and_that_again_remembers_too(
    client: Client, cast: Cast, run: Callable[..., Any]
) -> None:
    person, _link = invited(run)
    client.sign_in("olivia")
    act(client, "users", "block", person.id)
    unblocked = act(client, "users", "unblock", person.id)
    again = run_at(undo(client, unblocked))
    assert status_of(person) == "blocked"
    run_at(undo(client, again))
    assert status_of(person) == "invited"


def test_undoing_a_revocation_restores_the_block_that_was_there(client: Client, cast: Cast) -> None:
    """Eve was blocked before her access was revoked, so the undo leaves her blocked."""
    client.sign_in("olivia")
    revoked = act(client, "users", "revoke", cast.eve.id)
    assert status_of(cast.eve) == "revoked"
    run_at(undo(client, revoked))
    assert status_of(cast.eve) == "blocked"
    assert client.application.test_client().try_sign_in("eve").status_code == 422


def test_granting_access_again_makes_active(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    act(client, "users", "revoke", cast.max.id)
    act(client, "users", "regrant", cast.max.id)
    assert status_of(cast.max) == "active"
    assert cast.max.groups == []


def test_an_invited_person_stays_invited_through_a_block_and_a_revocation(
    client: Client, cast: Cast, run: Callable[..., Any]
) -> None:
    person, _link = invited(run)
    client.sign_in("olivia")
    act(client, "users", "block", person.id)
    revoked = act(client, "users", "revoke", person.id)
    run_at(undo(client, revoked))
    assert status_of(person) == "blocked"
    act(client, "users", "unblock", person.id)
    assert status_of(person) == "invited"
