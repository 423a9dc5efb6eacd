"""Tries are counted before they are judged.

While one is judged nobody else waits, and keys are not made of what strangers type.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock, limits
from backoffice.auth import attempts, passwords, throttle
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.sign_in import SignIn, sign_in
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.secrets import rotation
from backoffice.settings import Settings
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import PASSWORD, Cast, address
from backoffice.testing.client import Client, settle
from tests.support.factors import visitor
from tests.support.patience import PATIENCE
from tests.support.races import at_once

OFFICE = 8


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


def enter(app: Flask, name: str, ip: str, password: str = PASSWORD) -> SignIn:
    with app.app_context():
        found = sign_in(
            identifier=address(name),
            password=password,
            origin=Origin(ip),
            settings=app.extensions["settings"],
        )
        db.session.commit()
        return found


def test_people_of_one_network_are_hashed_side_by_side(
    app: Flask, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may go on before all have reached the hash; under a lock, the second never would."""
    names = [f"colleague{number}" for number in range(OFFICE)]
    for name in names:
        the_cast.add(name, group="viewers", settings=settings)
    together, prove = Barrier(OFFICE), passwords.prove

    def meet(*args: Any) -> Any:
        together.wait(PATIENCE)
        return prove(*args)

    monkeypatch.setattr(passwords, "prove", meet)
    found = at_once([partial(enter, app, name, "192.0.2.1") for name in names])
    assert all(each.session for each in found)


def test_a_hundred_wrong_passwords_at_once_are_five_tries(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    acts = [
        partial(enter, app, "max", f"192.0.2.{number}", "not the password") for number in range(20)
    ]
    for _ in range(5):
        assert not any(each.session for each in at_once(acts))
    settle()
    results = db.session.scalars(select(SignInAttempt.reason)).all()
    assert (len(results), results.count("password")) == (100, settings.failures_per_5_minutes)


def test_a_try_waits_for_those_under_way_and_not_for_ever(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PATIENCE", 0.2)
    key, here, now = Key.of_account(cast.max), Origin("192.0.2.1"), clock.now()
    with clock.at(now):
        for _ in range(settings.failures_per_5_minutes):
            first = throttle.enter(key, cast.max, here, settings)
        with pytest.raises(TooMany) as busy:  # the tries under way never end by themselves
            throttle.enter(key, cast.max, here, settings)
        assert busy.value.retry_after == limits.RETRY_AFTER
        attempts.record_result(first, "ok", "")
        assert throttle.enter(key, cast.max, here, settings) > first
    with clock.at(now + throttle.LONGEST + timedelta(seconds=1)), pytest.raises(TooMany) as over:
        throttle.enter(
            key, cast.max, here, settings
        )  # whoever was to judge them is dead: they have failed
    assert over.value.retry_after > limits.RETRY_AFTER


STOLEN = ("e-mail change of {0}", "email_change:{0}", "account:{0}", "invitation {0}", "link:{0}")


@pytest.mark.parametrize("words", STOLEN)
def test_no_text_of_a_stranger_counts_against_anybody(app: Flask, cast: Cast, words: str) -> None:
    vera, stranger = visitor(app).sign_in("vera"), visitor(app)
    text = words.format(cast.vera.id)
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    for _ in range(6):
        stranger.post("/password/forgotten", {"identifier": text}, environ_base=elsewhere)
        stranger.post("/sign-in", {"identifier": text, "password": "x"}, environ_base=elsewhere)
    asked = stranger.post("/password/forgotten", {"identifier": text}, environ_base=elsewhere)
    assert asked.status_code == 429
    assert vera.post("/account/email", {"email": "vera.new@example.com"}).status_code == 303
    visitor(app).sign_in("vera")


def test_what_was_typed_is_kept_nowhere_in_clear(app: Flask, cast: Cast, client: Client) -> None:
    typed = "my-own-password-by-mistake"
    client.post("/password/forgotten", {"identifier": typed})
    client.try_sign_in(f"{typed}@", "x")
    settle()
    kept = str(
        [
            list(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(select(table))
        ]
    )
    assert typed not in kept
    (message,) = db.session.scalars(select(Message)).all()
    assert outbox.request_of(message, app.extensions["settings"]) == {"typed": typed}


def test_names_are_still_counted_and_requests_still_read_after_a_change_of_keys(
    cast: Cast, settings: Settings
) -> None:
    old = replace(settings, encryption_keys=("old " * 12,))
    new = replace(settings, encryption_keys=("new " * 12, "old " * 12))
    here = Origin("192.0.2.1")
    for _ in range(settings.failures_per_5_minutes):
        attempts.record(
            Key.of_identifier("nobody@example.com", old), None, "failed", "password", here
        )
    with pytest.raises(TooMany):
        throttle.enter(Key.of_identifier("nobody@example.com", new), None, here, new)
    letter = outbox.OutgoingMail(
        purpose="password_reset", address="x", request={"typed": "max@example.com"}
    )
    outbox.queue([letter], old)
    settle()
    assert rotation.rotate(new).renewed == 1
    settle()
    (message,) = db.session.scalars(select(Message)).all()
    only_new = replace(settings, encryption_keys=("new " * 12,))
    assert outbox.request_of(message, only_new) == {"typed": "max@example.com"}
