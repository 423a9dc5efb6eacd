"""Signing in and out: who gets in and for how long.

A refusal never reveals its reason.
"""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.auth import passwords
from backoffice.auth.sign_in import REFUSED
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client
from tests.support.html import read

WRONG = "not at all the password"


def is_in(client: Client) -> bool:
    """Return whether the visitor reaches home rather than the sign-in page."""
    answer = client.get("/")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def sid(client: Client) -> str:
    """Return the session id in the browser's cookie."""
    with client.session_transaction(base_url=client.application.config["TEST_BASE_URL"]) as cookie:
        return str(cookie["sid"])


def attempts() -> list[tuple[str, str]]:
    """Return every attempt so far as (result, reason)."""
    rows = db.session.execute(
        select(SignInAttempt.result, SignInAttempt.reason).order_by(SignInAttempt.id)
    )
    return [(row.result, row.reason) for row in rows]


def change(name: str, **values: object) -> None:
    """Set columns of a member of the cast behind the product's back."""
    db.session.execute(update(User).where(User.email_key == f"{name}@example.com").values(**values))
    db.session.commit()


@pytest.mark.parametrize(
    "typed", ["olivia@example.com", " Olivia@Example.COM ", "ｏｌｉｖｉａ@example.com"]
)
def test_every_spelling_of_an_address_is_one_account(
    client: Client, cast: Cast, typed: str
) -> None:
    answer = client.post("/sign-in", {"identifier": typed, "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(client)
    assert attempts() == [("ok", "")]


def test_the_cursor_stands_in_the_first_empty_field(client: Client, cast: Cast) -> None:
    def focused(answer: TestResponse) -> list[str]:
        return [e["name"] for e in read(answer).all("input") if "autofocus" in e.attributes]

    assert focused(client.get("/sign-in")) == ["identifier"]
    assert focused(client.try_sign_in("olivia", WRONG)) == ["password"]


def test_whoever_may_not_in_gets_one_and_the_same_answer(client: Client, cast: Cast) -> None:
    change("vera", status="invited")
    known = client.try_sign_in("olivia", WRONG)
    others = [
        client.try_sign_in("nobody", WRONG),
        client.try_sign_in("eve"),
        client.try_sign_in("vera"),
    ]
    shown = [without_token(answer) for answer in (known, *others)]
    assert {answer.status_code for answer in (known, *others)} == {422}
    assert REFUSED in shown[0]
    assert len({re.sub(r"\w+@example\.com", "", text) for text in shown}) == 1
    assert attempts() == [
        ("failed", "password"),
        ("failed", "password"),
        ("blocked", "blocked"),
        ("blocked", "invited"),
    ]


def without_token(answer: TestResponse) -> str:
    """Return the page without the lines that differ in every answer."""
    lines = answer.get_data(as_text=True).splitlines()
    return "\n".join(line for line in lines if "csrf_token" not in line and "nonce" not in line)


def test_eve_never_gets_in(client: Client, cast: Cast) -> None:
    client.try_sign_in("eve")
    assert not is_in(client)


def test_the_sixth_failure_in_five_minutes_is_refused_even_with_the_password(
    client: Client, cast: Cast
) -> None:
    with clock.at(clock.now()):  # hashing takes as long as it takes
        for _ in range(5):
            assert client.try_sign_in("olivia", WRONG).status_code == 422
        answer = client.try_sign_in("olivia")
    assert answer.status_code == 429
    assert "Too many failed tries" in answer.text
    assert int(answer.headers["Retry-After"]) == 300
    assert attempts()[-1] == ("blocked", "throttled")
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        client.sign_in("olivia")


def test_unknown_accounts_are_throttled_like_known_ones(client: Client, cast: Cast) -> None:
    statuses = [client.try_sign_in("nobody", WRONG).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_a_stranger_cannot_lock_out_a_known_device(app: Flask, client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    client.sign_out()
    stranger = app.test_client()
    assert isinstance(stranger, Client)
    for _ in range(6):
        stranger.try_sign_in("olivia", WRONG)
    assert stranger.try_sign_in("olivia").status_code == 429
    client.sign_in("olivia")


def test_one_address_may_not_try_one_account_after_another(client: Client, cast: Cast) -> None:
    statuses = [client.try_sign_in(f"person{number}", WRONG).status_code for number in range(21)]
    assert statuses == [422] * 20 + [429]


def test_an_ipv6_customer_is_one_visitor_whatever_the_address(client: Client, cast: Cast) -> None:
    def tried(name: str, ip: str) -> int:
        form = {"identifier": f"{name}@example.com", "password": WRONG}
        return client.post("/sign-in", form, environ_overrides={"REMOTE_ADDR": ip}).status_code

    statuses = [tried(f"person{number}", f"2001:db8:1:2::{number:x}") for number in range(1, 22)]
    assert statuses == [422] * 20 + [429]
    assert tried("person30", "2001:db8:1:3::1") == 422, "the neighbour"
    assert tried("person31", "::ffff:192.0.2.1") == tried("person32", "192.0.2.1") == 422


def test_signing_out_ends_the_session_in_the_table(client: Client, cast: Cast) -> None:
    client.sign_in("max")
    stolen = sid(client)
    assert client.get("/sign-out").status_code == 405
    client.sign_out()
    with client.session_transaction(base_url=client.application.config["TEST_BASE_URL"]) as cookie:
        cookie["sid"] = stolen
    assert not is_in(client)
    assert db.session.scalars(select(Session.ended_reason)).all() == ["signed out"]


def test_the_table_never_holds_what_the_browser_holds(client: Client, cast: Cast) -> None:
    client.sign_in("max")
    value = sid(client)
    stored = db.session.scalars(select(Session.token_hash)).one()
    assert value not in stored
    assert len(value) >= 43, "256 bits"


def test_signing_in_gives_a_new_session_and_a_new_form_token(client: Client, cast: Cast) -> None:
    before = client.token()
    client.sign_in("max")
    assert client.token() != before
    assert client.raw_post("/sign-out", data={"csrf_token": before}).status_code == 400


@pytest.mark.parametrize(
    "away, stays", [(timedelta(minutes=29), True), (timedelta(minutes=31), False)]
)
def test_a_session_ends_after_half_an_hour_without_a_request(
    client: Client, cast: Cast, away: timedelta, stays: bool
) -> None:
    client.sign_in("max")
    with clock.at(clock.now() + away):
        assert is_in(client) is stays


def test_a_session_ends_after_twelve_hours_however_busy(client: Client, cast: Cast) -> None:
    client.sign_in("max")
    start = clock.now()
    for minutes in range(20, 12 * 60, 20):
        with clock.at(start + timedelta(minutes=minutes)):
            assert is_in(client)
    with clock.at(start + timedelta(hours=12, seconds=1)):
        assert not is_in(client)


def test_an_address_outside_the_whitelist_is_out_at_the_next_request(
    client: Client, cast: Cast
) -> None:
    client.sign_in("max")
    change("max", ip_whitelist=["203.0.113.0/24"])
    assert not is_in(client)
    assert client.try_sign_in("max").status_code == 422
    assert attempts()[-1] == ("blocked", "address")
    change("max", ip_whitelist=["127.0.0.0/8"])
    client.sign_in("max")
    assert is_in(client)


def test_a_temporary_password_must_be_changed_before_anything_else(
    app: Flask, client: Client, cast: Cast
) -> None:
    temporary_password(app, "vera")
    client.sign_in("vera", "handed-over-1")
    assert client.get("/admin/users/").location == "/account/password"
    assert client.post("/admin/users/preferences", {"size": "20"}).location == "/account/password"
    words = {"current_password": "handed-over-1", "new_password": "four words nobody guesses"}
    answer = client.post("/account/password", words | {"repeat_password": words["new_password"]})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/admin/users/").status_code == 200
    client.sign_out()
    client.sign_in("vera", words["new_password"])


def test_a_temporary_password_expires_after_72_hours(
    app: Flask, client: Client, cast: Cast
) -> None:
    temporary_password(app, "vera")
    with clock.at(clock.now() + timedelta(hours=72, seconds=1)):
        assert client.try_sign_in("vera", "handed-over-1").status_code == 422
    assert attempts()[-1] == ("blocked", "password expired")


def temporary_password(app: Flask, name: str) -> None:
    user = db.session.scalars(select(User).where(User.email_key == f"{name}@example.com")).one()
    passwords.store(user, "handed-over-1", app.extensions["settings"], temporary=True)
    db.session.commit()


@pytest.mark.parametrize(
    "values, message",
    [
        ({"current_password": "wrong"}, "not your current password"),
        ({"new_password": "too short", "repeat_password": "too short"}, "at least 15 characters"),
        ({"repeat_password": "something else"}, "The two passwords differ"),
        (
            {"new_password": "vera vance password", "repeat_password": "vera vance password"},
            "your own name",
        ),
        ({"new_password": "a" * 129, "repeat_password": "a" * 129}, "at most 128"),
        (
            {"new_password": "abababababababab", "repeat_password": "abababababababab"},
            "more different characters",
        ),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(
    client: Client, cast: Cast, values: dict[str, str], message: str
) -> None:
    client.sign_in("vera")
    good = {"current_password": PASSWORD, "new_password": "four words nobody guesses"}
    answer = client.post(
        "/account/password", good | {"repeat_password": good["new_password"]} | values
    )
    assert answer.status_code == 422
    assert message in answer.text
    client.sign_out()
    client.sign_in("vera")


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    app: Flask, client: Client, cast: Cast
) -> None:
    other = app.test_client()
    assert isinstance(other, Client)
    other.sign_in("vera")
    client.sign_in("vera")
    new = "four words nobody guesses"
    client.post(
        "/account/password",
        {"current_password": PASSWORD, "new_password": new, "repeat_password": new},
    )
    assert is_in(client)
    assert not is_in(other)


def test_an_old_hash_is_renewed_at_sign_in(app: Flask, client: Client, cast: Cast) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=16, parallelism=2).hash(PASSWORD)
    change("vera", password_hash=weak)
    client.sign_in("vera")
    assert cast.vera.password_hash != weak
    client.sign_out()
    client.sign_in("vera")
