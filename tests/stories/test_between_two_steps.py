"""Between password and code: whatever takes the access away has effect at once."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit
from tests.support.factors import code_of, enrol, first_step, give_app, is_in, second_step, visitor

pytestmark = pytest.mark.usefixtures("still")

NEW = "four words nobody guesses"


@pytest.fixture
def olivia(app: Flask, cast: Cast) -> Client:
    return visitor(app).sign_in("olivia")


@pytest.fixture
def key(app: Flask, cast: Cast) -> str:
    return give_app(cast.max, app.extensions["settings"])[0]


def block(olivia: Client, cast: Cast, key: str) -> None:
    act(olivia, "users", "block", cast.max.id)


def block_and_unblock(olivia: Client, cast: Cast, key: str) -> None:
    act(olivia, "users", "block", cast.max.id)
    act(olivia, "users", "unblock", cast.max.id)


def revoke(olivia: Client, cast: Cast, key: str) -> None:
    act(olivia, "users", "revoke", cast.max.id)


def delete(olivia: Client, cast: Cast, key: str) -> None:
    act(olivia, "users", "delete", cast.max.id)


def switch_off(olivia: Client, cast: Cast, key: str) -> None:
    act(olivia, "users", "disable-2fa", cast.max.id)


def reset_to_email(olivia: Client, cast: Cast, key: str) -> None:
    cast.max.email_verified_at = clock.now()
    act(olivia, "users", "reset-2fa-to-email", cast.max.id)


def shut_out(olivia: Client, cast: Cast, key: str) -> None:
    cast.max.email_verified_at = clock.now()
    answer = edit(olivia, "users", cast.max.id, ip_whitelist="203.0.113.0/24")
    assert answer.status_code == 303


def new_password(olivia: Client, cast: Cast, key: str) -> None:
    client = visitor(olivia.application)
    assert second_step(first_step(client, "max"), code_of(key, steps=-1)).status_code == 303
    words = {
        "current_password": "a harness of four long words",
        "new_password": NEW,
        "repeat_password": NEW,
    }
    assert client.post("/account/password", words).status_code == 303


def new_app(olivia: Client, cast: Cast, key: str) -> None:
    client = visitor(olivia.application)
    assert second_step(first_step(client, "max"), code_of(key, steps=-1)).status_code == 303
    enrol(client)


CHANGES = (
    block, block_and_unblock, revoke, delete, switch_off, reset_to_email, shut_out,
    new_password, new_app,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_between_the_two_steps_ends_the_sign_in(
    client: Client, olivia: Client, cast: Cast, key: str, change: Callable[[Client, Cast, str], Any]
) -> None:
    max_id = cast.max.id
    first_step(client, "max")
    change(olivia, cast, key)
    answer = second_step(client, code_of(key))
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "Please sign in again." in client.get("/sign-in").text
    assert not is_in(client)
    settle()
    live = db.session.scalars(
        select(Session.id).where(Session.user_id == max_id, Session.ended_at.is_(None))
    ).all()
    assert len(live) == (1 if change in (new_password, new_app) else 0), (
        "the one that made the change"
    )


@pytest.mark.parametrize(
    "age, opens", [(timedelta(minutes=9, seconds=59), True), (timedelta(minutes=10), False)]
)
def test_a_password_waits_ten_minutes_for_its_code(
    client: Client, key: str, age: timedelta, opens: bool
) -> None:
    start = clock.now()
    with clock.at(start):
        first_step(client, "max")
    with clock.at(start + age):
        answer = second_step(client, code_of(key))
        assert answer.location == ("/" if opens else "/sign-in")
        assert is_in(client) is opens


def test_a_challenge_is_used_once(app: Flask, client: Client, key: str) -> None:
    first_step(client, "max")
    with cookie_of(client) as cookie:
        kept = dict(cookie)
    assert second_step(client, code_of(key)).status_code == 303
    thief = visitor(app)
    with cookie_of(thief) as cookie:
        cookie.update(kept)
    assert second_step(thief, code_of(key, steps=1)).location == "/sign-in"
    assert not is_in(thief)


def test_a_made_up_challenge_opens_nothing(client: Client, key: str) -> None:
    for value in ("", "x" * 43, ["list"], 7, None):
        with cookie_of(client) as cookie:
            cookie["challenge"] = value
        client._token = None
        assert second_step(client, code_of(key)).location == "/sign-in"


def test_a_sign_in_ends_the_session_that_the_browser_had(client: Client, cast: Cast) -> None:
    """On a shared computer, a copied cookie of the previous person opens nothing."""
    client.sign_in("vera")
    with cookie_of(client) as cookie:
        veras = cookie["sid"]
    client.sign_in("max")
    assert ended(cast.vera.id) == ["signed in anew"]
    thief = visitor(client.application)
    with cookie_of(thief) as cookie:
        cookie["sid"] = veras
    assert not is_in(thief)
    assert is_in(client)


def test_a_first_step_ends_the_session_that_the_browser_had(
    client: Client, cast: Cast, key: str
) -> None:
    client.sign_in("vera")
    first_step(client, "max")
    assert not is_in(client)
    assert ended(cast.vera.id) == ["signed in anew"]


def test_a_failed_sign_in_ends_nothing(client: Client, cast: Cast, key: str) -> None:
    client.sign_in("vera")
    assert client.try_sign_in("max", "not at all the password").status_code == 422
    assert is_in(client)


def test_a_new_session_has_nothing_of_what_was_before(client: Client, key: str) -> None:
    before = client.token()
    with cookie_of(client) as cookie:
        cookie["planted"] = "by somebody at this browser"
    first_step(client, "max")
    between = client.token()
    with cookie_of(client) as cookie:
        (challenge,) = cookie["opened"]
        assert "planted" not in cookie
    assert second_step(client, code_of(key)).status_code == 303
    with cookie_of(client) as cookie:
        assert set(cookie) <= {"sid", "csrf_token"}
        assert cookie["sid"] != challenge
    assert client.token() not in (before, between)


def test_signing_out_between_the_steps_is_the_end_of_it(client: Client, key: str) -> None:
    first_step(client, "max")
    client.sign_out()
    assert second_step(client, code_of(key)).location == "/sign-in"


def test_a_temporary_password_that_expires_between_the_steps_opens_nothing(
    app: Flask, client: Client, cast: Cast, key: str
) -> None:
    settings = app.extensions["settings"]
    passwords.store(cast.max, "handed-over-1", settings, temporary=True)
    settle()
    soon = clock.now() + settings.temporary_password_valid - timedelta(minutes=1)
    with clock.at(soon):
        first_step(client, "max", "handed-over-1")
    with clock.at(soon + timedelta(minutes=2)):
        assert second_step(client, code_of(key)).location == "/sign-in"
        assert not is_in(client)


def ended(user_id: int) -> list[str]:
    settle()
    return [
        row.ended_reason
        for row in db.session.scalars(select(Session).where(Session.user_id == user_id))
    ]


def cookie_of(client: Client) -> Any:
    """Open the browser's session cookie for reading and changing."""
    return client.session_transaction(base_url=client.application.config["TEST_BASE_URL"])


@pytest.mark.parametrize("length", [1_900, 4_000])
def test_however_long_the_way_back_browsers_keep_the_challenge(
    client: Client, cast: Cast, key: str, length: int
) -> None:
    back = "/admin/users/?search=" + secrets.token_urlsafe(length * 3 // 4)
    words = {"identifier": "max@example.com", "password": PASSWORD, "next": back}
    cookies = client.post("/sign-in", words).headers.getlist("Set-Cookie")
    assert max(map(len, cookies)) < 4_093, "which no browser would keep"
    client._token = None  # a step up gives the visitor a new session
    assert second_step(client, code_of(key)).location == (back if length == 1_900 else "/")
