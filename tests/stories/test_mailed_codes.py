"""Codes by e-mail at sign-in: six digits, valid for five minutes and five tries.

A code works only in the browser that asked for it.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from backoffice import clock, throttles
from backoffice.auth.challenges import WRONG
from backoffice.extensions import db
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, everything
from tests.support.factors import first_step, give_email_codes, is_in, mailed, second_step, visitor
from tests.support.html import read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def codes(cast: Cast) -> list[str]:
    """Have codes mailed to Max at sign-in, and return his recovery codes."""
    return give_email_codes(cast.max)


def code_in_mail(app: Flask, number: int = -1) -> str:
    return mailed(app, "email_code")[number]["code"]


def another(code: str) -> str:
    """Return a code that is certainly wrong."""
    return f"{(int(code) + 1) % 10**6:06}"


def forget_failures() -> None:
    settle()
    db.session.execute(delete(SignInAttempt))
    settle()


def test_a_mailed_code_has_six_digits_and_opens_once(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        (values,) = mailed(app, "email_code")
        assert re.fullmatch("[0-9]{6}", values["code"])
        assert values["valid"] == "5 minutes"
        assert second_step(client, f" {values['code'][:3]} {values['code'][3:]}").status_code == 303
        assert is_in(client)
        assert second_step(first_step(visitor(app), "max"), values["code"]).status_code == 422


@pytest.mark.parametrize(
    "age, opens", [(timedelta(minutes=4, seconds=59), True), (timedelta(minutes=5), False)]
)
def test_a_mailed_code_works_for_five_minutes(
    app: Flask, client: Client, codes: list[str], age: timedelta, opens: bool
) -> None:
    with clock.at(NOW):
        first_step(client, "max")
    with clock.at(NOW + age):
        assert (second_step(client, code_in_mail(app)).status_code == 303) is opens
        assert is_in(client) is opens


@pytest.mark.parametrize("wrong, opens", [(4, True), (5, False)])
def test_a_mailed_code_is_dead_after_five_wrong_tries(
    app: Flask, client: Client, codes: list[str], wrong: int, opens: bool
) -> None:
    """Even if the throttle, which has the same limit, has forgotten the tries."""
    with clock.at(NOW):
        code = code_in_mail(app) if first_step(client, "max") else ""
        for _ in range(wrong):
            assert WRONG in second_step(client, another(code)).text
        forget_failures()
        assert (second_step(client, code).status_code == 303) is opens


def test_a_mailed_code_belongs_to_the_browser_that_asked(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        other = first_step(visitor(app), "max")
        mine, theirs = (values["code"] for values in mailed(app, "email_code"))
        assert second_step(client, theirs).status_code == 422
        assert second_step(other, mine).status_code == 422
        assert second_step(client, mine).status_code == 303


def test_another_mailed_code_makes_the_one_before_dead(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        assert client.post(f"{client.asked_at}/again").status_code == 303
        old, new = (values["code"] for values in mailed(app, "email_code"))
        if old != new:
            assert second_step(client, old).status_code == 422
        assert second_step(client, new).status_code == 303


def test_three_codes_are_mailed_in_ten_minutes_however_they_are_asked_for(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        client.post(f"{client.asked_at}/again")
        first_step(visitor(app), "max")
    with clock.at(NOW + timedelta(minutes=9, seconds=59)):
        refusal = str(throttles.EMAIL_CODES.refusal)
        assert refusal in client.post(f"{client.asked_at}/again", follow_redirects=True).text
        fourth = first_step(visitor(app), "max")
        assert "No code that works is on its way" in fourth.get(fourth.asked_at).text, (
            "nobody waits for a mail that does not come"
        )
        assert second_step(fourth, "000000").status_code == 422
        assert len(mailed(app, "email_code")) == 3
    with clock.at(NOW + timedelta(minutes=10)):
        fifth = first_step(visitor(app), "max")
        assert len(mailed(app, "email_code")) == 4
        assert second_step(fifth, code_in_mail(app)).status_code == 303


def test_a_recovery_code_does_in_place_of_a_mailed_one(client: Client, codes: list[str]) -> None:
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), codes[0]).status_code == 303


def test_codes_are_mailed_to_the_stored_address_and_kept_in_clear_nowhere(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        client.post(
            "/sign-in",
            {"identifier": "ＭＡＸ@Example.com", "password": "a harness of four long words"},
        )
    code = code_in_mail(app)
    (message,) = db.session.scalars(select(Message).where(Message.purpose == "email_code"))
    assert message.address == "max@example.com"
    assert code not in repr(everything())


def test_the_page_offers_another_code_to_those_who_are_mailed_one(
    app: Flask, client: Client, codes: list[str]
) -> None:
    with clock.at(NOW):
        page = read(first_step(client, "max").get(client.asked_at))
        assert [form for form in page.all("form") if form["action"] == f"{client.asked_at}/again"]
        assert client.get(f"{client.asked_at}/again").location.startswith("/sign-in?")
        assert len(mailed(app, "email_code")) == 1, "looking sends nothing"


def test_nobody_sends_somebody_elses_codes_to_another_address(
    app: Flask, client: Client, cast: Cast, codes: list[str]
) -> None:
    """An administrator has to disable the second factor first, which ends the sign-in."""
    olivia = visitor(app).sign_in("olivia")
    first_step(client, "max")
    assert edit(olivia, "users", cast.max.id, email="maximilian@example.com").status_code == 422
    act(olivia, "users", "disable-2fa", cast.max.id)
    assert edit(olivia, "users", cast.max.id, email="maximilian@example.com").status_code == 303
    assert second_step(client, code_in_mail(app)).location == "/sign-in"
    assert not is_in(client)


def test_a_challenge_is_kept_hashed(client: Client, codes: list[str]) -> None:
    first_step(client, "max")
    with client.session_transaction(base_url=client.application.config["TEST_BASE_URL"]) as cookie:
        (value,) = cookie["opened"]
    assert len(value) >= 43, "256 bits"
    assert value not in repr(everything())
    assert db.session.scalar(select(func.count()).select_from(SignInChallenge)) == 1
