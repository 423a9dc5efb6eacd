"""Groups that require a second factor.

Members without one are led to its page at sign-in and reach nothing else.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import act, edit, group, outcome
from tests.support.factors import (
    code_of,
    enrol,
    first_step,
    give_app,
    give_email_codes,
    second_step,
    visitor,
)
from views.web.headers import OPEN, WHILE_ENROLMENT_IS_DUE

pytestmark = pytest.mark.usefixtures("still")

PAGE = "/account/two-factor"


@pytest.fixture
def strict(app_with: Callable[..., Flask], cast: Cast) -> Flask:
    """Require a second factor of administrators and managers, but not of viewers."""
    return app_with(two_factor_groups=("Administrators", "managers"))


def test_who_lacks_one_is_led_to_enrol_and_then_goes_on(strict: Flask, cast: Cast) -> None:
    client = visitor(strict).sign_in("olivia")
    answer = client.get("/admin/users/", follow_redirects=True)
    assert answer.request.path == PAGE
    assert "Your groups need a second factor." in answer.text
    key, _codes = enrol(client)
    assert client.get("/admin/users/").status_code == 200
    other = first_step(visitor(strict), "olivia")
    assert second_step(other, code_of(key)).status_code == 303
    assert other.get("/admin/users/").status_code == 200


def paths(app: Flask) -> list[tuple[str, str, str]]:
    """Return every rule of the URL map as (method, endpoint, path)."""
    found = []
    values = {"field": "groups", "ending": "csv", "action": "block", "key": "0" * 32, "size": "64"}
    for rule in app.url_map.iter_rules():
        filled: dict[str, Any] = {name: values.get(name, 1) for name in rule.arguments}
        with app.test_request_context():
            path = app.url_map.bind("127.0.0.1").build(rule.endpoint, filled, force_external=False)
        methods = {"GET", "POST"} & set(rule.methods or ())
        found += [(method, rule.endpoint, str(path)) for method in sorted(methods)]
    return found


def test_nothing_else_is_reachable_before(strict: Flask, cast: Cast) -> None:
    client = visitor(strict).sign_in("olivia")
    asked = [each for each in paths(strict) if each[1] not in WHILE_ENROLMENT_IS_DUE]
    assert len(asked) > 60
    let_in = []
    for method, endpoint, path in asked:
        answer = client.get(path) if method == "GET" else client.post(path)
        if (answer.status_code, answer.location) != (303, PAGE):
            let_in.append(f"{method} {path} ({endpoint}): {answer.status_code} {answer.location}")
    assert let_in == []


def test_what_is_reachable_before_is_about_oneself(strict: Flask) -> None:
    reachable = WHILE_ENROLMENT_IS_DUE - OPEN
    assert [endpoint for endpoint in reachable if not endpoint.startswith("account.")] == []
    assert {"account.switch_off", "account.email", "account.profile"}.isdisjoint(
        WHILE_ENROLMENT_IS_DUE
    )


def test_the_setting_counts_for_sessions_that_are_open_already(
    app: Flask, strict: Flask, cast: Cast
) -> None:
    client = visitor(app).sign_in("olivia")
    assert client.get("/admin/users/").status_code == 200
    with client.session_transaction(base_url=app.config["TEST_BASE_URL"]) as cookie:
        value = cookie["sid"]
    same = visitor(strict)
    with same.session_transaction(base_url=strict.config["TEST_BASE_URL"]) as cookie:
        cookie["sid"] = value
    assert same.get("/admin/users/").location == PAGE


def test_who_enters_such_a_group_enrols_at_the_next_request(strict: Flask, cast: Cast) -> None:
    olivia, vera = visitor(strict).sign_in("olivia"), visitor(strict).sign_in("vera")
    enrol(olivia)
    assert vera.get("/admin/users/").status_code == 200
    managers = group("managers").id
    assert edit(olivia, "users", cast.vera.id, groups=[str(managers)]).status_code == 303
    assert vera.get("/admin/users/").location == PAGE


def test_it_cannot_be_switched_off(strict: Flask, cast: Cast) -> None:
    client = visitor(strict).sign_in("olivia")
    enrol(client)
    assert "cannot" in client.post(f"{PAGE}/off", follow_redirects=True).text.lower()
    settle()
    assert cast.olivia.two_factor == "totp"


def test_codes_by_mail_are_not_enough_for_administrators(strict: Flask, cast: Cast) -> None:
    cast.olivia.email_verified_at = clock.now()
    client = visitor(strict).sign_in("olivia")
    answer = client.post(f"{PAGE}/email")
    assert answer.status_code == 422
    assert "authenticator app" in answer.text
    codes = give_email_codes(cast.olivia)
    other = first_step(visitor(strict), "olivia")
    assert second_step(other, codes[0]).status_code == 303
    assert other.get("/admin/users/").location == PAGE, "who has them from before is led to an app"


def test_codes_by_mail_are_enough_for_other_groups(strict: Flask, cast: Cast) -> None:
    cast.max.email_verified_at = clock.now()
    client = visitor(strict).sign_in("max")
    assert client.get("/admin/users/").location == PAGE
    assert client.post(f"{PAGE}/email").status_code == 200
    assert client.get("/admin/users/").status_code == 200


def test_an_administrator_who_is_a_manager_too_needs_an_app(strict: Flask, cast: Cast) -> None:
    cast.olivia.groups = [group("administrators"), group("managers")]
    cast.olivia.email_verified_at = clock.now()
    settle()
    assert visitor(strict).sign_in("olivia").post(f"{PAGE}/email").status_code == 422


def test_whoever_is_in_no_such_group_is_left_alone(strict: Flask, cast: Cast) -> None:
    client = visitor(strict).sign_in("vera")
    assert client.get("/admin/users/").status_code == 200
    enrol(client)
    assert client.post(f"{PAGE}/off").status_code == 303
    settle()
    assert cast.vera.two_factor == "disabled"


def test_nobody_switches_it_off_for_them(strict: Flask, cast: Cast) -> None:
    settings = strict.extensions["settings"]
    give_app(cast.max, settings)
    give_app(cast.vera, settings)
    olivia = visitor(strict).sign_in("olivia")
    enrol(olivia)
    with strict.app_context():
        run = act(olivia, "users", "disable-2fa", cast.max.id, cast.vera.id)
        assert outcome(run, cast.max.id) == ("refused", "required")
        assert outcome(run, cast.vera.id)[0] == "done"
        assert (cast.max.two_factor, cast.vera.two_factor) == ("totp", "disabled")


def test_a_temporary_password_is_changed_first_and_then_one_enrols(
    strict: Flask, cast: Cast
) -> None:
    cast.max.password_state = "temporary"
    settle()
    client = visitor(strict).sign_in("max")
    assert client.get(PAGE).location == "/account/password"
    new = "four words nobody guesses"
    words = {
        "current_password": "a harness of four long words",
        "new_password": new,
        "repeat_password": new,
    }
    assert client.post("/account/password", words).status_code == 303
    assert client.get("/admin/users/").location == PAGE
