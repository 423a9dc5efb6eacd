"""The credential version rises with every change of what people prove their identity by.

It does so in whichever way the change is made.
"""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.actions.engine.action import find
from backoffice.auth import credentials, passwords, sessions, totp, two_factor
from backoffice.auth.attempts import Origin
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import settle
from tests.house.source import PRODUCT, modules
from tests.support.factors import code_of, give_app

pytestmark = pytest.mark.usefixtures("still")

OTHERS: dict[str, Any] = {
    "login_method": "login",
    "email": "other@example.com",
    "email_key": "other@example.com",
    "login": "max.other",
    "login_key": "max.other",
    "status": "blocked",
    "password_hash": "another hash",
    "two_factor": "email",
}
# A hash of the same password with newer parameters; that of the demo's people, who are made in one
# go; the version of rows whose memberships change.
NO_CHANGE = {
    "backoffice.auth.passwords",
    "backoffice.demo.loading",
    "backoffice.people.access_ends",
    "backoffice.people.reviewed_access",
}


def version(person: User) -> int:
    settle()
    return person.credential_version


@pytest.fixture
def by_login(cast: Cast) -> Cast:
    """Give max a login too, which makes either way of signing in complete."""
    cast.max.login = "max"
    settle()
    return cast


@pytest.mark.parametrize("name", sorted(User.credentials()))
def test_each_of_them_raises_it_for_one_person(by_login: Cast, name: str) -> None:
    person = by_login.max
    before = version(person)
    setattr(person, name, OTHERS[name])
    assert version(person) == before + 1


@pytest.mark.parametrize("name", sorted(User.credentials()))
def test_each_of_them_raises_it_for_a_set_of_people(by_login: Cast, name: str) -> None:
    person, action = by_login.max, find("users.block")
    before = version(person)
    assert action is not None
    action.update(select(User.id).where(User.id == person.id), **{name: OTHERS[name]})
    assert version(person) == before + 1


def test_another_app_in_place_of_an_app_raises_it_once(app: Flask, cast: Cast) -> None:
    settings = app.extensions["settings"]
    give_app(cast.max, settings)
    before = version(cast.max)
    totp.generate(cast.max, settings)
    secret = totp.pending(cast.max, settings) or ""
    here = {"origin": Origin("127.0.0.1"), "settings": settings}
    two_factor.confirm(
        actor=cast.actor("max"), shown=totp.name_of(secret), code=code_of(secret), **here
    )
    assert version(cast.max) == before + 1


def test_nothing_else_raises_it(cast: Cast) -> None:
    before = version(cast.max)
    cast.max.first_name, cast.max.ip_whitelist, cast.max.phone = "Maximilian", ["127.0.0.0/8"], "1"
    cast.max.groups = []
    cast.max.status = "active"
    assert version(cast.max) == before


def test_people_are_changed_in_no_other_way() -> None:
    """Sets of people are changed by `Action.update`, because `update(User)` ignores the version."""
    writers = {
        module.name for module in modules(*PRODUCT) if re.search(r"\bupdate\(User\b", module.text)
    }
    assert writers == NO_CHANGE


def test_whoever_proved_it_before_a_change_has_proved_nothing(app: Flask, cast: Cast) -> None:
    settings = app.extensions["settings"]
    proof = passwords.prove(cast.max, PASSWORD, settings)
    assert proof is not None
    assert credentials.lock_if_unchanged(cast.max.id, proof.version) is not None
    cast.max.two_factor = "email"
    settle()
    assert passwords.accept(proof) is None


def test_a_session_begun_beside_a_change_opens_nothing(app: Flask, cast: Cast) -> None:
    settings = app.extensions["settings"]
    value = sessions.create(user=cast.max, settings=settings, ip="", device="")
    assert sessions.find(value, settings)
    cast.max.password_hash = "another hash"
    settle()
    assert sessions.find(value, settings) is None


def test_a_password_hashed_anew_takes_no_others_place(app: Flask, cast: Cast) -> None:
    """It does not end sessions either, because the password is the same."""
    settings = app.extensions["settings"]
    cast.max.password_hash = passwords.PasswordHasher(
        time_cost=1, memory_cost=16, parallelism=1
    ).hash(PASSWORD)
    settle()
    first, second = (passwords.prove(cast.max, PASSWORD, settings) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.renewed
    assert passwords.accept(first) is not None
    settle()
    assert cast.max.password_hash == first.renewed
    before = version(cast.max)
    assert passwords.accept(second) is not None, "it was right, and still is"
    settle()
    assert (cast.max.password_hash, version(cast.max)) == (first.renewed, before)
