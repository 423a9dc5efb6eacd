"""Other people's second factor is set back to e-mail, switched off, or enrolled anew.

The same rules hold on the row, on the card and in bulk.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    everything,
    followed,
    outcome,
    previewed,
    token_of,
)
from tests.support.factors import (
    code_of,
    first_step,
    give_app,
    give_email_codes,
    is_in,
    mailed,
    second_step,
    visitor,
)
from tests.support.html import error_at, read

pytestmark = pytest.mark.usefixtures("still")

RESET, OFF, ANEW = "reset-2fa-to-email", "disable-2fa", "re-enrol-2fa"
ALL = (RESET, OFF, ANEW)


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def key(app: Flask, cast: Cast) -> str:
    """Give max an authenticator app and a confirmed address, and return the app's key."""
    cast.max.email_verified_at = clock.now()
    return give_app(cast.max, app.extensions["settings"])[0]


def factor_of(person: User) -> str:
    settle()
    return db.session.get_one(User, person.id).two_factor


def last_event(action: str) -> Event:
    settle()
    return db.session.scalars(
        select(Event).where(Event.action == action).order_by(Event.id.desc()).limit(1)
    ).one()


def signed_in(app: Flask, key: str) -> Client:
    client = first_step(visitor(app), "max")
    assert second_step(client, code_of(key, steps=-1)).status_code == 303
    return client


def test_reset_to_email_forgets_the_app_ends_sessions_and_tells(
    app: Flask, olivia: Client, cast: Cast, key: str
) -> None:
    theirs = signed_in(app, key)
    run = act(olivia, "users", RESET, cast.max.id)
    assert outcome(run, cast.max.id)[0] == "done"
    assert factor_of(cast.max) == "email"
    assert not is_in(theirs)
    tables = everything()
    assert (tables["totp_secrets"], tables["recovery_codes"]) == ([], [])
    ended = db.session.scalars(
        select(Session.ended_reason).where(Session.user_id == cast.max.id)
    ).all()
    assert ended == ["2FA reset"]
    (told,) = mailed(app, "two_factor_changed", cast.max)
    assert "An administrator reset" in told["what"]
    event = last_event("users.reset_2fa_to_email")
    assert (event.before, event.after) == ({"two_factor": "totp"}, {"two_factor": "email"})
    again = first_step(visitor(app), "max")
    assert second_step(again, code_of(key)).status_code == 422
    assert second_step(again, mailed(app, "email_code")[-1]["code"]).status_code == 303


def test_disable_needs_a_reason_and_leaves_the_password_alone(
    app: Flask, olivia: Client, cast: Cast, key: str
) -> None:
    theirs = signed_in(app, key)
    shown = previewed(olivia, "users", OFF, cast.max.id)
    assert "Ends 1 session." in read(shown).text
    refused = followed(olivia, olivia.post(f"/admin/users/actions/{OFF}/{token_of(shown)}"))
    assert (refused.status_code, bool(error_at(refused, "reason"))) == (422, True)
    assert factor_of(cast.max) == "totp"
    assert confirmed(olivia, "users", OFF, shown, "Lost the phone").status_code == 303
    assert factor_of(cast.max) == "disabled"
    assert not is_in(theirs)
    event = last_event("users.disable_2fa")
    assert (event.reason, event.after) == ("Lost the phone", {"two_factor": "disabled"})
    (told,) = mailed(app, "two_factor_changed", cast.max)
    assert told["what"] == "An administrator switched off your second factor."
    visitor(app).sign_in("max")


def test_re_enrol_sends_a_link_and_changes_nothing_before_it_is_used(
    app: Flask, olivia: Client, cast: Cast, key: str
) -> None:
    theirs = signed_in(app, key)
    act(olivia, "users", ANEW, cast.max.id)
    assert factor_of(cast.max) == "totp"
    assert is_in(theirs)
    (letter,) = mailed(app, "two_factor_enrolment", cast.max)
    assert letter["link"].startswith(f"{app.extensions['settings'].base_url}/two-factor/enrol/")
    value = letter["link"].rpartition("/")[2]
    assert value not in repr(everything()), "neither tables nor events hold the value"
    assert second_step(first_step(visitor(app), "max"), code_of(key)).status_code == 303
    assert last_event("users.re_enrol_2fa").subject_id == cast.max.id


def the_actor(app: Flask, cast: Cast) -> User:
    return cast.olivia


def by_login(app: Flask, cast: Cast) -> User:
    person = cast.vera
    person.login_method, person.login, person.login_key = "login", "vera", "vera"
    person.email = person.email_key = None
    return person


def unverified(app: Flask, cast: Cast) -> User:
    give_app(cast.vera, app.extensions["settings"])
    return cast.vera


def blocked(app: Flask, cast: Cast) -> User:
    cast.vera.status = "blocked"
    return cast.vera


REFUSALS = [
    *((action, the_actor, "oneself") for action in ALL),
    (RESET, by_login, "login_method"),
    (ANEW, by_login, "login_method"),
    (RESET, unverified, "unverified"),
    (ANEW, blocked, "not_active"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]}-{refusal[2]}")
def test_what_the_rules_refuse_is_left_alone(
    app: Flask, olivia: Client, cast: Cast, refusal: tuple[str, Callable[[Flask, Cast], User], str]
) -> None:
    action, of, rule = refusal
    person = of(app, cast)
    settle()
    before = person.two_factor
    run = act(olivia, "users", action, person.id)
    assert outcome(run, person.id) == ("refused", rule)
    assert factor_of(person) == before
    assert mailed(app, "two_factor_enrolment") == mailed(app, "two_factor_changed") == []


@pytest.mark.parametrize("action", ALL)
def test_nobody_reaches_those_who_outrank_them(
    app: Flask, client: Client, staff: list[str], action: str
) -> None:
    cast = Cast()
    give_app(cast.administrators, app.extensions["settings"])
    cast.administrators.email_verified_at = clock.now()
    settle()
    client.sign_in("company_administrator")  # who may do it to staff
    run = act(client, "users", action, cast.administrators.id, cast.employee.id)
    assert outcome(run, cast.administrators.id) == ("refused", "outranked")
    assert outcome(run, cast.employee.id)[1] != "outranked"
    assert factor_of(cast.administrators) == "totp"
    assert mailed(app, "two_factor_enrolment", cast.administrators) == []


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize("name", ["max", "vera"])
def test_who_may_not_is_refused_at_the_direct_post_too(
    app: Flask, olivia: Client, cast: Cast, name: str, action: str
) -> None:
    cast.eve.status = "active"  # who gets a factor that nobody may take
    cast.eve.email_verified_at = clock.now()
    give_app(cast.eve, app.extensions["settings"])
    shown = previewed(olivia, "users", action, cast.eve.id)
    client = visitor(app).sign_in(name)
    path = f"/admin/users/actions/{action}"
    assert client.post(path, {"row": cast.eve.id}).status_code == 403
    assert decided(client, "users", action, token_of(shown)).status_code == 403
    assert client.get(f"{path}/{token_of(shown)}").status_code == 403
    assert client.get(path).status_code == 405
    assert factor_of(cast.eve) == "totp"
    assert mailed(app, "two_factor_enrolment") == []


@pytest.mark.parametrize("action", ALL)
def test_preview_and_run_both_need_a_recent_confirmation(
    olivia: Client, cast: Cast, key: str, action: str
) -> None:
    shown = previewed(olivia, "users", action, cast.max.id)
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert "confirm_password" in previewed(olivia, "users", action, cast.max.id).text
        assert "confirm_password" in decided(olivia, "users", action, token_of(shown)).text
        assert factor_of(cast.max) == "totp"
        assert (
            olivia.post("/account/confirm", {"confirm_password": the_cast.PASSWORD}).status_code
            == 303
        )
        assert decided(olivia, "users", action, token_of(shown)).status_code == 303
    assert factor_of(cast.max) in ("email", "disabled") or action == "re-enrol-2fa"


def test_in_bulk_each_row_is_judged_by_itself(
    app: Flask, olivia: Client, cast: Cast, key: str
) -> None:
    settings = app.extensions["settings"]
    give_app(cast.vera, settings)  # her address is not confirmed
    nina = the_cast.add("nina", group="viewers", settings=settings)
    give_email_codes(nina)
    run = act(olivia, "users", RESET, cast.max.id, cast.vera.id, nina.id, cast.olivia.id)
    found = {
        person.first_name or "Nina": outcome(run, person.id)
        for person in (cast.max, cast.vera, nina, cast.olivia)
    }
    assert found == {
        "Max": ("done", ""),
        "Vera": ("refused", "unverified"),
        "Nina": ("unchanged", ""),
        "Olivia": ("refused", "oneself"),
    }
    assert [factor_of(person) for person in (cast.max, cast.vera, nina)] == [
        "email",
        "totp",
        "email",
    ]
    assert len(mailed(app, "two_factor_changed")) == 1


def test_in_bulk_everybody_gets_a_link_of_their_own(app: Flask, olivia: Client, cast: Cast) -> None:
    act(olivia, "users", ANEW, cast.max.id, cast.vera.id)
    links = [letter["link"] for letter in mailed(app, "two_factor_enrolment")]
    assert len(set(links)) == 2
    (his,) = mailed(app, "two_factor_enrolment", cast.max)
    path = his["link"].removeprefix(app.extensions["settings"].base_url)
    assert visitor(app).post(path, {"password": the_cast.PASSWORD}).status_code == 200
    settle()
    assert db.session.scalars(select(TotpSecret.user_id)).all() == [cast.max.id]


def test_row_and_card_offer_them_to_those_who_may(
    app: Flask, olivia: Client, cast: Cast, key: str
) -> None:
    for page in (f"/admin/users/{cast.max.id}", f"/admin/users/{cast.max.id}/menu"):
        text = olivia.get(page).text
        assert [action for action in ALL if f"/admin/users/actions/{action}" not in text] == [], (
            page
        )
    vera = visitor(app).sign_in("vera")
    assert [
        action
        for action in ALL
        if f"/actions/{action}" in vera.get(f"/admin/users/{cast.max.id}").text
    ] == []
