"""Signing in with an app's code or a recovery code: each works once, nothing opens before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from backoffice import clock
from backoffice.auth.challenges import UNREADABLE, WRONG
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.totp_secret import TotpSecret
from backoffice.settings import Settings
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.factors import code_of, first_step, give_app, is_in, mailed, second_step, visitor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # the beginning of a step


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


@pytest.fixture
def app_of_max(cast: Cast, settings: Settings) -> tuple[str, list[str]]:
    """Give Max an authenticator app; return its key and his recovery codes."""
    with clock.at(NOW):
        return give_app(cast.max, settings)


@pytest.fixture
def key(app_of_max: tuple[str, list[str]]) -> str:
    return app_of_max[0]


@pytest.fixture
def codes(app_of_max: tuple[str, list[str]]) -> list[str]:
    return app_of_max[1]


def noted() -> list[tuple[str, str, str]]:
    settle()
    columns = (SignInAttempt.factor, SignInAttempt.result, SignInAttempt.reason)
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(SignInAttempt.id))]


def live_sessions() -> int:
    settle()
    return len(db.session.scalars(select(Session.id).where(Session.ended_at.is_(None))).all())


@pytest.mark.parametrize(
    "steps, opens", [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_opens_now_and_one_step_either_way(
    client: Client, key: str, steps: int, opens: bool
) -> None:
    with clock.at(NOW):
        answer = second_step(first_step(client, "max"), code_of(key, steps=steps))
        assert answer.status_code == (303 if opens else 422)
        assert is_in(client) is opens
        assert (WRONG in answer.text) is not opens
    assert noted() == [
        ("password", "ok", "second factor asked for"),
        ("code", "ok", "") if opens else ("code", "failed", "code"),
    ]


@pytest.mark.parametrize("seconds, opens", [(59, True), (60, False)])
def test_a_code_is_good_until_the_next_step_is_over(
    client: Client, key: str, seconds: int, opens: bool
) -> None:
    with clock.at(NOW + timedelta(seconds=seconds)):
        assert (
            second_step(first_step(client, "max"), code_of(key, NOW)).status_code == 303
        ) is opens


SPELLINGS: dict[str, Callable[[str], str]] = {
    "full-width": lambda code: "".join(chr(ord(digit) + 0xFEE0) for digit in code),
    "mathematical bold": lambda code: "".join(chr(ord(digit) + 0x1D79E) for digit in code),
    "with blanks": lambda code: f"  {code[:3]} {code[3:]}\t",
    "with a no-break space": lambda code: f"{code[:3]}\u00a0{code[3:]}",
    "with a hyphen": lambda code: f"{code[:3]}-{code[3:]}",
    "with a dash": lambda code: f"{code[:3]} – {code[3:]}",
    "with invisible marks": lambda code: f"\u200e{code[:3]}\u200b{code[3:]}\u2060",
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_code_works_however_it_is_typed_and_once(
    app: Flask, client: Client, key: str, spelled: Callable[[str], str]
) -> None:
    with clock.at(NOW):
        code = code_of(key)
        assert second_step(first_step(client, "max"), spelled(code)).status_code == 303
        for again in (code, *(spell(code) for spell in SPELLINGS.values())):
            assert second_step(first_step(visitor(app), "max"), again).status_code == 422
            db.session.execute(delete(SignInAttempt))
    assert live_sessions() == 1


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "١٢٣٤٥٦", "12345６x", "+123456", "123.456", "1e5", "\x00", "ſıK" * 40],
)
def test_what_is_no_code_is_refused(client: Client, key: str, typed: str) -> None:
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), typed).status_code == 422
        assert not is_in(client)


def test_several_codes_at_once_are_refused(client: Client, key: str) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        assert client.post(client.asked_at, {"code": ["000000", code_of(key)]}).status_code == 422
        assert not is_in(client)


def test_an_older_step_is_dead_once_a_newer_one_was_used(
    app: Flask, client: Client, key: str
) -> None:
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), code_of(key, steps=1)).status_code == 303
        for steps in (-1, 0, 1):
            answer = second_step(first_step(visitor(app), "max"), code_of(key, steps=steps))
            assert answer.status_code == 422
    with clock.at(NOW + timedelta(seconds=60)):
        assert second_step(first_step(visitor(app), "max"), code_of(key)).status_code == 303


def test_an_older_step_that_was_not_used_works_before_the_newer(
    app: Flask, client: Client, key: str
) -> None:
    with clock.at(NOW):
        for steps in (-1, 0, 1):
            answer = second_step(first_step(visitor(app), "max"), code_of(key, steps=steps))
            assert answer.status_code == 303
    assert live_sessions() == 3


@pytest.mark.parametrize(
    "spelled",
    [
        str,
        str.upper,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f" {code}\n",
    ],
)
def test_a_recovery_code_opens_once_however_it_is_spelled(
    app: Flask, client: Client, codes: list[str], spelled: Callable[[str], str]
) -> None:
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), spelled(codes[4])).status_code == 303
        assert is_in(client)
        assert second_step(first_step(visitor(app), "max"), codes[4]).status_code == 422
        assert second_step(first_step(visitor(app), "max"), codes[5]).status_code == 303


def test_a_recovery_code_typed_in_full_width_letters_works(
    client: Client, codes: list[str]
) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in codes[0])
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), wide).status_code == 303


def test_somebody_elses_recovery_code_opens_nothing(
    client: Client, cast: Cast, settings: Settings, codes: list[str]
) -> None:
    others = give_app(cast.vera, settings)[1]
    with clock.at(NOW):
        assert second_step(first_step(client, "max"), others[0]).status_code == 422
        assert not is_in(client)


def test_a_password_alone_opens_no_page(app: Flask, client: Client, key: str) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        paths = [
            "/",
            "/admin/users/",
            "/admin/users/export/csv",
            "/account/",
            "/account/two-factor",
        ]
        assert {client.get(path).status_code for path in paths} == {303}
        assert client.post("/account/two-factor/off").status_code == 303
        assert client.post("/account/confirm", {"confirm_password": "x"}).status_code == 303
    settle()
    assert db.session.scalars(select(Session)).all() == []


def test_a_code_without_a_password_opens_nothing(client: Client, key: str) -> None:
    with clock.at(NOW):
        nobodys = "/sign-in/code/0123456789abcdef"
        assert client.get(nobodys).location == "/sign-in"
        assert client.post(nobodys, {"code": code_of(key)}).location == "/sign-in"
        assert not is_in(client)
    assert noted() == []


def test_an_app_that_has_no_secret_lets_nobody_in(client: Client, key: str) -> None:
    """A restored backup might have a person with TOTP but no row that holds the secret."""
    db.session.execute(delete(TotpSecret))
    with clock.at(NOW):
        answer = second_step(first_step(client, "max"), code_of(key))
        assert answer.status_code == 422
        assert UNREADABLE in answer.text
        assert not is_in(client)


def test_a_code_whose_key_is_gone_is_refused_clearly_and_a_recovery_code_still_works(
    app_with: Callable[..., Flask], key: str, codes: list[str]
) -> None:
    client = visitor(app_with(encryption_keys=("another key of more than 32 characters",)))
    with clock.at(NOW):
        answer = second_step(first_step(client, "max"), code_of(key))
        assert answer.status_code == 422
        assert UNREADABLE in answer.text
        assert noted()[-1] == ("code", "failed", "code")
        assert second_step(client, codes[0]).status_code == 303
        assert is_in(client)


def test_the_code_page_leads_to_where_one_wanted_and_nowhere_else(app: Flask, key: str) -> None:
    for number, (wanted, reached) in enumerate(
        [("/admin/users/", "/admin/users/"), ("//evil.example", "/")]
    ):
        client = visitor(app)
        with clock.at(NOW + timedelta(minutes=number)):
            client.post(
                "/sign-in", {"identifier": "max@example.com", "password": PASSWORD, "next": wanted}
            )
            client._token = None
            assert second_step(client, code_of(key)).location == reached


def test_a_form_without_its_token_is_no_second_step(client: Client, key: str) -> None:
    with clock.at(NOW):
        first_step(client, "max")
        assert client.raw_post(client.asked_at, data={"code": code_of(key)}).status_code == 400
        assert client.raw_post(f"{client.asked_at}/again").status_code == 400
        assert not is_in(client)


def test_first_device_ever_is_no_news_a_known_one_neither_and_a_new_one_is_told(
    app: Flask, client: Client, cast: Cast, key: str
) -> None:
    cast.max.email_verified_at = NOW
    known = client
    notices = []
    for minutes, browser in enumerate([known, known, visitor(app), known]):
        with clock.at(NOW + timedelta(minutes=minutes)):
            first_step(browser, "max")
            notices.append(len(mailed(app, "new_device")))
            second_step(browser, code_of(key))
            notices.append(len(mailed(app, "new_device")))
    assert notices == [0, 0, 0, 0, 0, 1, 1, 1], "and never after the password alone"
    (told,) = mailed(app, "new_device", cast.max)
    assert told["ip"] == "127.0.0.1"
