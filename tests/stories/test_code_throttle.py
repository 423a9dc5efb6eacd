"""Guessing codes: five wrong ones in five minutes are the limit, and only time lifts it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.auth.attempts import Key
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.factors import (
    code_of,
    first_step,
    give_app,
    give_email_codes,
    is_in,
    second_step,
    visitor,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WRONG = "no-such-code"


@pytest.fixture
def key(app: Flask, cast: Cast) -> str:
    return give_app(cast.max, app.extensions["settings"])[0]


def fail(client: Client, times: int) -> list[int]:
    return [second_step(client, WRONG).status_code for _ in range(times)]


def test_the_sixth_code_in_five_minutes_is_refused_even_if_it_is_right(
    client: Client, key: str
) -> None:
    with clock.at(NOW):
        assert fail(first_step(client, "max"), 5) == [422] * 5
        answer = second_step(client, code_of(key))
        assert answer.status_code == 429
        assert "Too many failed tries" in answer.text
        assert not is_in(client)
    with clock.at(NOW + timedelta(minutes=4, seconds=59)):
        assert second_step(client, code_of(key)).status_code == 429
    with clock.at(NOW + timedelta(minutes=5)):
        assert second_step(client, code_of(key)).status_code == 303


@pytest.mark.parametrize("number, hours", [(20, 1), (50, 24)])
def test_slow_guessing_ends_too(
    client: Client, cast: Cast, key: str, number: int, hours: int
) -> None:
    """Fill the longer window with failures that are too far apart to fill a shorter one."""
    window = timedelta(hours=hours)
    apart = window / number * 0.99
    for count in range(number):
        at = NOW + apart * count
        db.session.add(
            SignInAttempt(
                at=at,
                throttle_key=str(Key.of_account(cast.max)),
                factor="code",
                result="failed",
                reason="code",
            )
        )
    with clock.at(NOW + apart * number):
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 429
    with clock.at(NOW + window):
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303


def new_challenge(app: Flask, client: Client) -> Client:
    return first_step(client, "max")


def new_browser(app: Flask, client: Client) -> Client:
    return first_step(visitor(app), "max")


def new_code(app: Flask, client: Client) -> Client:
    client.post(f"{client.asked_at}/again")
    return client


def right_password(app: Flask, client: Client) -> Client:
    first_step(visitor(app), "max")
    return client


WAYS = (new_challenge, new_browser, new_code, right_password)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_new_resets_the_number(
    app: Flask, client: Client, cast: Cast, way: Callable[[Flask, Client], Client]
) -> None:
    codes = give_email_codes(cast.max)
    with clock.at(NOW):
        assert fail(first_step(client, "max"), 3) == [422] * 3
        again = way(app, client)
        assert fail(again, 2) == [422] * 2
        assert second_step(way(app, again), codes[0]).status_code == 429


def test_all_processes_share_the_number(
    app_with: Callable[..., Flask], client: Client, key: str
) -> None:
    with clock.at(NOW):
        assert fail(first_step(client, "max"), 3) == [422] * 3
        elsewhere = first_step(visitor(app_with()), "max")
        assert fail(elsewhere, 3) == [422, 422, 429]
        assert second_step(client, code_of(key)).status_code == 429


def test_a_known_device_counts_its_own_failures_alone_and_still_counts_them(
    app: Flask, client: Client, key: str
) -> None:
    """A stranger with the password cannot lock the owner out.

    The owner's own browser is no way around the limit either.
    """
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303
        client.sign_out()
        assert fail(first_step(visitor(app), "max"), 6) == [422] * 5 + [429]
    with clock.at(NOW + timedelta(seconds=30)):
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303
        client.sign_out()
        assert fail(first_step(client, "max"), 5) == [422] * 5
    with clock.at(NOW + timedelta(seconds=60)):
        assert second_step(client, code_of(key)).status_code == 429


def test_passwords_and_codes_are_counted_apart(client: Client, key: str) -> None:
    with clock.at(NOW):
        for _ in range(4):
            assert client.try_sign_in("max", "not at all the password").status_code == 422
        assert fail(first_step(client, "max"), 4) == [422] * 4
        assert client.try_sign_in("max", "not at all the password").status_code == 422
        assert client.try_sign_in("max").status_code == 429, "five wrong passwords"
        client.get(client.asked_at)
        assert second_step(client, code_of(key)).status_code == 303, "and four wrong codes"


def test_one_address_may_try_ten_codes_in_five_minutes_whosever_they_are(
    app: Flask, client: Client, cast: Cast, key: str
) -> None:
    settings = app.extensions["settings"]
    names = ["vera", "ivan", "nina"]
    for name in names[1:]:
        the_cast.add(name, group="viewers", settings=settings)
    for name in names:
        give_app(getattr(cast, name), settings)
    with clock.at(NOW):
        statuses = [status for name in names for status in fail(first_step(visitor(app), name), 4)]
        assert statuses == [422] * 10 + [429] * 2
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 429
    with clock.at(NOW + timedelta(minutes=5)):
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303


def test_throttled_tries_are_listed_and_do_not_prolong_the_wait(client: Client, key: str) -> None:
    with clock.at(NOW):
        fail(first_step(client, "max"), 5)
    with clock.at(NOW + timedelta(minutes=4)):
        fail(client, 3)
    settle()
    last = db.session.scalars(
        select(SignInAttempt).order_by(SignInAttempt.id.desc()).limit(1)
    ).one()
    assert (last.factor, last.result, last.reason) == ("code", "blocked", "throttled")
    with clock.at(NOW + timedelta(minutes=5)):
        assert second_step(client, code_of(key)).status_code == 303
