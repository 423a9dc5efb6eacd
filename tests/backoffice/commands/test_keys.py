"""With a new key everything is encrypted again, at once or in several goes.

A lost key is reported.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.secrets import rotation
from backoffice.secrets.encryption import key_id
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import everything
from tests.support.factors import code_of, first_step, give_app, second_step, visitor

pytestmark = pytest.mark.usefixtures("still")

NEW, NEWER = (
    "a new key of more than thirty-two characters",
    "a newer key of more than thirty-two characters",
)
SEALED = ("totp_secrets", "messages")
Apps = Callable[..., Flask]


@pytest.fixture
def old(app: Flask) -> str:
    """Return the key that the tests' secrets have before; without another one it is SECRET_KEY."""
    settings: Settings = app.extensions["settings"]
    return settings.secret_key


@pytest.fixture
def keys(app: Flask, cast: Cast) -> dict[str, str]:
    """Give max and vera apps, and add six waiting mails, five of them with content.

    Returns the keys of the apps.
    """
    settings = app.extensions["settings"]
    found = {name: give_app(getattr(cast, name), settings)[0] for name in ("max", "vera")}
    letters = [
        OutgoingMail(
            purpose="password_link",
            address="max@example.com",
            user_id=cast.max.id,
            values={"link": str(number)},
        )
        for number in range(5)
    ]
    outbox.queue([*letters, OutgoingMail(purpose="blocked", address="vera@example.com")], settings)
    settle()
    return found


def rotate(app: Flask) -> Any:
    return app.test_cli_runner().invoke(args=["backoffice", "rotate-keys"])


def names() -> set[str]:
    """Return the ids of the keys that are in use."""
    settle()
    columns = (TotpSecret.sealed, Message.sealed)
    return {
        sealed.partition(".")[0]
        for column in columns
        for sealed in db.session.scalars(select(column))
        if sealed
    }


def test_everything_has_the_newest_key_after_it(
    app: Flask, app_with: Apps, keys: dict[str, str], old: str
) -> None:
    assert names() == {key_id(old)}
    before = everything()
    done = rotate(app_with(encryption_keys=(NEW, old)))
    assert done.exit_code == 0, done.output
    assert "7 secrets have the newest key now." in done.output
    assert names() == {key_id(NEW)}
    after = everything()
    assert {table for table in before if before[table] != after[table]} == set(SEALED)
    assert [key for key in (NEW, old, *keys.values()) if key in done.output] == []


def test_the_old_key_can_go_then_and_people_and_mails_notice_nothing(
    app_with: Apps, cast: Cast, keys: dict[str, str], old: str
) -> None:
    rotate(app_with(encryption_keys=(NEW, old)))
    alone = app_with(encryption_keys=(NEW,))
    assert second_step(first_step(visitor(alone), "max"), code_of(keys["max"])).status_code == 303
    settle()
    waiting = db.session.scalars(
        select(Message).where(Message.sealed.is_not(None)).order_by(Message.id)
    ).all()
    links = [outbox.values_of(row, alone.extensions["settings"]) for row in waiting]
    assert links[:5] == [{"link": str(number)} for number in range(5)]
    assert {row.version for row in waiting} == {1}


def test_a_code_that_was_used_stays_used(
    app: Flask, app_with: Apps, keys: dict[str, str], old: str
) -> None:
    with clock.at(clock.now()):
        code = code_of(keys["max"])
        assert second_step(first_step(visitor(app), "max"), code).status_code == 303
        both = app_with(encryption_keys=(NEW, old))
        rotate(both)
        assert second_step(first_step(visitor(both), "max"), code).status_code == 422


def test_a_second_time_there_is_nothing_to_do(
    app_with: Apps, keys: dict[str, str], old: str
) -> None:
    both = app_with(encryption_keys=(NEW, old))
    rotate(both)
    before = everything()
    again = rotate(both)
    assert (again.exit_code, "0 secrets have the newest key now." in again.output) == (0, True)
    assert everything() == before


def test_a_missing_key_is_said_and_the_others_are_done(
    app_with: Apps, keys: dict[str, str], old: str
) -> None:
    rotate(app_with(encryption_keys=(NEW, old)))
    give_app(Cast().olivia, app_with().extensions["settings"])
    lost = app_with(encryption_keys=(NEWER, NEW))
    done = rotate(lost)
    assert done.exit_code == 1
    assert "7 secrets have the newest key now." in done.output
    assert (
        f"1 secret could not be read and stayed as before, encrypted with: {key_id(old)}."
        in done.output
    )
    assert names() == {key_id(NEWER), key_id(old)}
    again = rotate(app_with(encryption_keys=(NEWER, NEW, old)))
    assert (again.exit_code, "1 secret has the newest key now." in again.output) == (0, True)
    assert names() == {key_id(NEWER)}


def test_more_than_one_batch_is_done_whole(
    app: Flask, app_with: Apps, keys: dict[str, str], old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", 2)
    assert "7 secrets" in rotate(app_with(encryption_keys=(NEW, old))).output
    assert names() == {key_id(NEW)}


def test_broken_off_it_keeps_what_is_done(
    app: Flask, app_with: Apps, keys: dict[str, str], old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", 1)
    both, calls, sealing_as_it_is = (
        app_with(encryption_keys=(NEW, old)),
        [],
        rotation.encryption.encrypt,
    )

    def fails_the_third_time(*args: Any, **kwargs: Any) -> str:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sealing_as_it_is(*args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(rotation.encryption, "encrypt", fails_the_third_time)
        assert rotate(both).exit_code != 0
    assert names() == {key_id(NEW), key_id(old)}
    assert "5 secrets" in rotate(both).output
    assert names() == {key_id(NEW)}


def test_with_nobody_there_it_has_nothing_to_do(app: Flask) -> None:
    assert db.session.scalar(select(func.count(User.id))) == 0
    assert rotate(app).exit_code == 0


def test_its_help_says_how_a_key_is_changed(run: Callable[..., Any]) -> None:
    text = run("backoffice", "rotate-keys", "--help").output
    assert "ENCRYPTION_KEYS=NEW,OLD" in text
    assert "SECRET_KEY" in text
