"""A password of 12 to 14 characters is enough with a second factor.

It has to be replaced when the factor is removed.
"""

import pytest
from flask import Flask

from backoffice import clock
from backoffice.auth import passwords
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import act
from tests.support.factors import code_of, first_step, give_app, is_in, second_step, visitor

pytestmark = pytest.mark.usefixtures("still")

SHORT = "qx7 vebk trol"  # 13 characters
LONG = "five quite unusual words here"
DUE = "its password needs at least 15 characters"


@pytest.fixture
def key(app: Flask, cast: Cast) -> str:
    """Give Max an app and a short password whose length was not recorded; return the app's key."""
    settings = app.extensions["settings"]
    found = give_app(cast.max, settings)[0]
    passwords.store(cast.max, SHORT, settings)
    cast.max.password_is_short, cast.max.email_verified_at = False, clock.now()
    return found


def choose(client: Client, password: str) -> int:
    words = {"current_password": SHORT, "new_password": password, "repeat_password": password}
    return client.post("/account/password", words).status_code


def test_it_is_enough_beside_a_second_factor(app: Flask, key: str) -> None:
    max_ = first_step(visitor(app), "max", SHORT)
    assert second_step(max_, code_of(key)).status_code == 303
    assert is_in(max_)


def test_an_administrator_takes_the_factor_away(app: Flask, cast: Cast, key: str) -> None:
    act(visitor(app).sign_in("olivia"), "users", "disable-2fa", cast.max.id)
    max_ = visitor(app).sign_in("max", SHORT)
    assert max_.get("/").location == "/account/password"
    assert max_.get("/admin/users/").location == "/account/password"
    assert DUE in max_.get("/account/password").text
    assert choose(max_, "qx7 vebk trop") == 422
    assert choose(max_, LONG) == 303
    assert is_in(max_)


def test_one_switches_it_off_oneself(app: Flask, cast: Cast, key: str) -> None:
    max_ = first_step(visitor(app), "max", SHORT)
    second_step(max_, code_of(key))
    assert max_.post("/account/two-factor/off").status_code == 303
    assert max_.get("/").location == "/account/password"
    assert choose(max_, LONG) == 303
    assert is_in(max_)


def test_a_new_factor_makes_it_enough_again(app: Flask, cast: Cast, key: str) -> None:
    act(visitor(app).sign_in("olivia"), "users", "reset-2fa-to-email", cast.max.id)
    assert first_step(visitor(app), "max", SHORT)


def test_a_long_one_stays(app: Flask, cast: Cast, key: str) -> None:
    passwords.store(cast.max, LONG, app.extensions["settings"])
    act(visitor(app).sign_in("olivia"), "users", "disable-2fa", cast.max.id)
    assert is_in(visitor(app).sign_in("max", LONG))


def test_ones_own_enrolment_codes_are_counted_like_all_others(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("vera")
    with clock.at(clock.now()):
        page = client.post("/account/two-factor/begin").location
        answers = [client.post(page, {"code": f"00000{number}"}) for number in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) == 300
