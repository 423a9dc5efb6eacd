"""Administrators reset passwords by a mailed link, or to a temporary one that is shown once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import passwords
from backoffice.auth.attempts import Key
from backoffice.auth.sign_in import REFUSED
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    everything,
    handed_over,
    outcome,
    previewed,
    token_of,
    undo,
)
from tests.support.factors import code_of, enrol, first_step
from tests.support.html import read
from tests.support.links import WORDS, link_to, newcomer
from tests.support.races import at_once
from tests.support.told import Told, told

pytestmark = pytest.mark.usefixtures("still")

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
A_SECOND = timedelta(seconds=1)
NEW = WORDS["new_password"]
PATH = "/admin/users/actions/temporary-password"


@pytest.fixture
def for_all(app_with: Callable[..., Flask], cast: Cast) -> Flask:
    """Return an installation in which people with an address may have a temporary password too."""
    return app_with(temporary_passwords_for_all=True)


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def lena(app: Flask, cast: Cast) -> User:
    """Add lena, who signs in by login in the mobile app."""
    person = User(login_method="login", created_by=cast.olivia)
    person.login = "lena.lang"
    passwords.store(person, PASSWORD, app.extensions["settings"], temporary=True)
    db.session.add(person)
    settle()
    return person


# --- a link by mail ---


def test_reset_password_mails_a_link_and_leaves_the_old_password_alone(
    app: Flask, cast: Cast, olivia: Client
) -> None:
    done = act(olivia, "users", "reset-password", cast.vera.id, cast.eve.id, cast.olivia.id)
    found = [outcome(done, person.id) for person in (cast.vera, cast.eve, cast.olivia)]
    assert found == [("done", ""), ("refused", "not_active"), ("refused", "oneself")]
    newcomer(app).sign_in("vera")
    old = link_to(app, "password_link", cast.vera)
    act(olivia, "users", "reset-password", cast.vera.id)
    new = link_to(app, "password_link", cast.vera)
    assert newcomer(app).post(old, WORDS).status_code == 410
    assert newcomer(app).post(new, WORDS).status_code == 303
    newcomer(app).sign_in("vera", NEW)


# --- a temporary one ---


def test_a_temporary_password_opens_one_page_until_it_is_changed(
    app: Flask, for_all: Flask, cast: Cast
) -> None:
    given = handed_over(newcomer(for_all).sign_in("olivia"), cast.vera.id)
    assert len(given) == 23
    assert newcomer(app).try_sign_in("vera").status_code == 422, "the old one is gone"
    vera = newcomer(app).sign_in("vera", given)
    for path in ("/", "/admin/users/", "/account/", "/account/two-factor", "/account/email"):
        assert vera.get(path).location == "/account/password"
    again = {"current_password": given, "new_password": given, "repeat_password": given}
    assert vera.post("/account/password", again).status_code == 422, "the same one is no change"
    assert vera.post("/account/password", {"current_password": given, **WORDS}).status_code == 303
    assert vera.get("/admin/users/").status_code == 200
    newcomer(app).sign_in("vera", NEW)


@pytest.mark.parametrize(
    "after, works", [(timedelta(hours=72) - A_SECOND, True), (timedelta(hours=72), False)]
)
def test_it_works_for_72_hours(
    for_all: Flask, cast: Cast, *, after: timedelta, works: bool
) -> None:
    with clock.at(NOON):
        given = handed_over(newcomer(for_all).sign_in("olivia"), cast.vera.id)
    with clock.at(NOON + after):
        answer = newcomer(for_all).try_sign_in("vera", given)
    assert answer.status_code == (303 if works else 422)
    assert works or REFUSED in answer.text


def test_it_ends_sessions_and_open_challenges(
    app: Flask, for_all: Flask, cast: Cast, client: Client
) -> None:
    key, _codes = enrol(client.sign_in("vera"))
    waiting = newcomer(app)
    first_step(waiting, "vera")
    handed_over(newcomer(for_all).sign_in("olivia"), cast.vera.id)
    assert client.get("/").location.startswith("/sign-in")
    assert waiting.post(waiting.asked_at, {"code": code_of(key)}).location == "/sign-in"
    settle()
    live = (Session.user_id == cast.vera.id, Session.ended_at.is_(None))
    assert db.session.scalars(select(Session.id).where(*live)).all() == []
    assert (
        db.session.scalars(
            select(SignInChallenge.id).where(SignInChallenge.used_at.is_(None))
        ).all()
        == []
    )
    assert cast.vera.two_factor == "totp", "it never takes the second factor away"


def test_it_is_shown_once_and_kept_nowhere(
    lena: User, olivia: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    preview = previewed(olivia, "users", "temporary-password", lena.id)
    href = f"{PATH}/{token_of(preview)}"
    led_to = olivia.post(href).location
    answer = olivia.get(led_to)
    given = read(answer).one("output").text
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (
        read(answer).one("button", type="button", class_="btn-outline")["data-copy"] == "password"
    )
    assert olivia.get(led_to).status_code == 404
    again = olivia.post(href)
    assert (again.status_code, again.location.startswith("/admin/bulk-runs/")) == (303, True)
    for path in (
        again.location,
        f"/admin/users/{lena.id}",
        "/admin/events/",
        f"/admin/users/{lena.id}?tab=events",
    ):
        page = olivia.get(path)
        assert (page.status_code, given in page.text) == (200, False), path
    assert given not in str(everything())
    heard = capsys.readouterr()
    assert given not in heard.out + heard.err + caplog.text


def test_pressed_twice_at_once_it_is_one_password_shown_once(
    app: Flask, lena: User, olivia: Client
) -> None:
    other = newcomer(app).sign_in("olivia")
    other.token()
    for _ in range(20):
        href = f"{PATH}/{token_of(previewed(olivia, 'users', 'temporary-password', lena.id))}"
        pair = (olivia, other)
        answers = at_once([partial(each.post, href) for each in pair])
        pages = [each.get(answer.location) for each, answer in zip(pair, answers, strict=True)]
        assert [page.status_code for page in pages] == [200, 200]
        settle()
        shown = [page.text for answer in pages for page in read(answer).all("output")]
        assert all(passwords.matches(lena, given, app.extensions["settings"]) for given in shown)
        assert len(shown) == 1


def test_one_person_at_a_time(cast: Cast, lena: User, olivia: Client) -> None:
    answer = previewed(olivia, "users", "temporary-password", lena.id, cast.vera.id)
    assert (answer.status_code, "1 row at a time" in answer.text) == (400, True)
    answer = previewed(olivia, "users", "temporary-password", all_matching="1", status="active")
    assert (answer.status_code, answer.location) == (303, "/admin/users/?status=active")
    assert "1 row at a time" in olivia.get(answer.location).text
    settle()
    assert db.session.scalars(select(BulkRun.id)).all() == []


def test_people_with_an_address_choose_theirs_themselves(cast: Cast, olivia: Client) -> None:
    preview = previewed(olivia, "users", "temporary-password", cast.vera.id)
    assert "signs in by e-mail: send a link instead" in preview.text
    done = confirmed(olivia, "users", "temporary-password", preview)
    assert (done.status_code, cast.vera.password_state) == (303, "usable")


@pytest.mark.parametrize("status", ["blocked", "revoked"])
def test_who_has_no_access_gets_none(lena: User, olivia: Client, status: str) -> None:
    db.session.execute(update(User).where(User.id == lena.id).values(status=status))
    before = lena.password_hash
    preview = previewed(olivia, "users", "temporary-password", lena.id)
    confirmed(olivia, "users", "temporary-password", preview)
    settle()
    assert lena.password_hash == before


def test_it_cannot_be_undone(lena: User, olivia: Client) -> None:
    handed_over(olivia, lena.id)
    run = db.session.scalars(select(BulkRun).order_by(BulkRun.id.desc())).first()
    assert run is not None
    assert undo(olivia, run).status_code == 422


def test_the_last_administrator_keeps_a_password_of_their_own(
    for_all: Flask, staff: list[str]
) -> None:
    """A temporary password expires, and then nobody could sign in."""
    cast = Cast()
    visitor = newcomer(for_all).sign_in("main_administrator")
    preview = previewed(visitor, "users", "temporary-password", cast.olivia.id)
    confirmed(visitor, "users", "temporary-password", preview)
    settle()
    assert cast.olivia.password_state == "usable"


@pytest.mark.parametrize(
    "name, may", [("main_administrator", True), ("max", False), ("vera", False)]
)
def test_who_may_by_a_direct_request(app: Flask, staff: list[str], *, name: str, may: bool) -> None:
    cast = Cast()
    for action in ("temporary-password", "reset-password"):
        answer = previewed(newcomer(app).sign_in(name), "users", action, cast.employee.id)
        assert answer.status_code == (200 if may else 403), action


def test_it_asks_who_is_there_after_five_minutes(app: Flask, lena: User, olivia: Client) -> None:
    token = token_of(previewed(olivia, "users", "temporary-password", lena.id))
    before = lena.password_hash
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        answer = decided(olivia, "users", "temporary-password", token)
        assert (answer.status_code, "confirm_password" in answer.text) == (200, True)
        assert "confirm_password" in previewed(olivia, "users", "temporary-password", lena.id).text
    settle()
    assert lena.password_hash == before


# --- people who sign in by login ---


@pytest.mark.parametrize("typed", ["lena.lang", "LENA.lang", " lena.lang ", "ｌｅｎａ.lang"])
def test_whoever_signs_in_by_login_has_no_web_sign_in(
    app: Flask, lena: User, olivia: Client, typed: str
) -> None:
    given = handed_over(olivia, lena.id)
    for password in (given, PASSWORD):
        visitor = newcomer(app)
        answer = visitor.post("/sign-in", {"identifier": typed, "password": password})
        assert (answer.status_code, REFUSED in answer.text) == (422, True)
        assert visitor.get("/").location.startswith("/sign-in")
    settle()
    typed_key = str(Key.of_identifier("lena.lang", app.extensions["settings"]))
    assert {
        a.result for a in db.session.scalars(select(SignInAttempt)) if a.throttle_key == typed_key
    } == {"failed"}


def test_not_even_with_an_address_like_the_login(app: Flask, lena: User, cast: Cast) -> None:
    """The method alone decides, whatever else is in the row."""
    change = update(User).where(User.id == lena.id)
    hashed = passwords.hasher(app.extensions["settings"]).hash(PASSWORD)
    values = {"email": "lena@example.com", "email_key": "lena@example.com", "password_hash": hashed}
    db.session.execute(change.values(password_state="usable", **values))
    answer = newcomer(app).try_sign_in("lena")
    assert (answer.status_code, REFUSED in answer.text) == (422, True)
    reasons = db.session.scalars(select(SignInAttempt.reason)).all()
    assert reasons == ["login method"]


def test_a_temporary_password_is_announced_and_the_log_keeps_that_it_is_one(
    app: Flask, client: Client, cast: Cast
) -> None:
    person = cast.max
    person.login = "max"
    person.login_method = "login"
    settle()
    client.sign_in("olivia")
    page = previewed(client, "users", "temporary-password", person.id)
    assert told(page) == Told(
        "Give 1 person a temporary password",
        rows=("Will be given a temporary password 1",),
        danger=True,
    )
    assert confirmed(client, "users", "temporary-password", page).status_code == 303
    event = db.session.scalars(
        select(Event).where(Event.action == "users.temporary_password")
    ).one()
    assert (event.before, event.after) == (
        {"password_state": "usable"},
        {"password_state": "temporary"},
    )
