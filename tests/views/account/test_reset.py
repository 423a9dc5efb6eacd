"""A forgotten password: a mailed link, valid for an hour and one use.

It goes to the address that is stored and never replaces the second factor.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from backoffice import clock
from backoffice.auth import links, passwords
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.factors import code_of, enrol, first_step
from tests.support.hostile import NASTY, encoded
from tests.support.html import error_at, link, read
from tests.support.links import WORDS, fresh_link, invited, link_to, newcomer, prepared
from tests.support.races import at_once

pytestmark = pytest.mark.usefixtures("still")

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
AN_HOUR = timedelta(hours=1)
A_SECOND = timedelta(seconds=1)
NEW = WORDS["new_password"]


def forgotten(app: Flask, typed: str) -> list[Message]:
    """Ask for a link and let the worker handle it; return all mails that are ready to be sent."""
    assert newcomer(app).post("/password/forgotten", {"identifier": typed}).status_code == 200
    return prepared(app, "password_reset")


@pytest.fixture
def path(app: Flask, cast: Cast) -> str:
    """The path of the link that was mailed to Vera at noon."""
    with clock.at(NOON):
        forgotten(app, "vera@example.com")
        return link_to(app, "password_reset", cast.vera)


def set_user(name: str, **values: object) -> None:
    db.session.execute(update(User).where(User.email_key == f"{name}@example.com").values(**values))
    settle()


def test_who_forgot_the_password_chooses_another(app: Flask, cast: Cast, path: str) -> None:
    with clock.at(NOON):
        visitor = newcomer(app)
        visitor.here = visitor.get(path).location
        page = visitor.get(visitor.here)
        assert page.status_code == 200
        assert path.rpartition("/")[2] not in page.text
        assert visitor.send(WORDS).location == "/sign-in"
        assert "used already" in visitor.get(visitor.here).text
        assert newcomer(app).try_sign_in("vera", PASSWORD).status_code == 422
        newcomer(app).sign_in("vera", NEW)


def test_only_a_post_uses_the_link(app: Flask, cast: Cast, path: str) -> None:
    with clock.at(NOON):
        for method in ("HEAD", "GET", "OPTIONS", "HEAD", "GET"):
            assert newcomer(app).open(path, method=method).status_code in (200, 303)
            assert newcomer(app).open(path, method=method, data=WORDS).status_code in (200, 303)
        assert db.session.scalars(select(Token.used_at)).all() == [None]
        assert newcomer(app).post(path, WORDS).status_code == 303


@pytest.mark.parametrize("after, works", [(AN_HOUR - A_SECOND, True), (AN_HOUR, False)])
def test_a_link_works_for_an_hour(
    app: Flask, cast: Cast, path: str, *, after: timedelta, works: bool
) -> None:
    with clock.at(NOON + after):
        assert newcomer(app).get(path).status_code == (303 if works else 410)
        assert newcomer(app).post(path, WORDS).status_code == (303 if works else 410)
        assert newcomer(app).try_sign_in("vera", NEW).status_code == (303 if works else 422)


def test_how_long_it_works_is_a_setting(app_with: Callable[..., Flask], cast: Cast) -> None:
    other = app_with(reset_valid=timedelta(minutes=10))
    said = newcomer(other).post("/password/forgotten", {"identifier": "nobody@example.com"})
    assert "valid for 10 minutes" in said.text
    with clock.at(NOON):
        forgotten(other, "vera@example.com")
        path = link_to(other, "password_reset", cast.vera)
    with clock.at(NOON + timedelta(minutes=10)):
        assert newcomer(other).get(path).status_code == 410


@pytest.mark.parametrize(
    "ending, sentence",
    [
        ("used_at", "This link was used already."),
        ("superseded_at", "A newer link was sent in place of this one."),
        ("revoked_at", "This link was withdrawn."),
        ("expires_at", "This link has expired."),
    ],
)
def test_a_link_that_is_over_says_why_and_leads_to_another(
    app: Flask, cast: Cast, path: str, *, ending: str, sentence: str
) -> None:
    db.session.execute(update(Token).values({ending: NOON}))
    with clock.at(NOON):
        for answer in (newcomer(app).get(path), newcomer(app).post(path, WORDS)):
            assert answer.status_code == 410
            assert sentence in answer.text
            assert link(answer, "Ask for a new link") == "/password/forgotten"
    assert passwords.matches(cast.vera, PASSWORD, app.extensions["settings"])


def test_a_newer_link_ends_the_older_one(app: Flask, cast: Cast, path: str) -> None:
    with clock.at(NOON + timedelta(minutes=1)):
        forgotten(app, "vera@example.com")
        newer = link_to(app, "password_reset", cast.vera)
        assert newer != path
        assert newcomer(app).post(path, WORDS).status_code == 410
        assert newcomer(app).post(newer, WORDS).status_code == 303


def test_every_session_and_every_open_challenge_ends(
    app: Flask, cast: Cast, client: Client
) -> None:
    key, _codes = enrol(client.sign_in("vera"))
    waiting = newcomer(app)
    first_step(waiting, "vera")
    path = fresh_link(cast.vera, links.PASSWORD)
    assert client.post(path, WORDS).status_code == 303, "also from within one of them"
    assert client.get("/").location.startswith("/sign-in")
    answer = waiting.post(waiting.asked_at, {"code": code_of(key)})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    settle()
    assert db.session.scalars(select(Session.ended_reason)).all() == ["password reset"]
    unused = select(SignInChallenge.id).where(SignInChallenge.used_at.is_(None))
    assert db.session.scalars(unused).all() == []


def test_the_second_factor_is_never_skipped(app: Flask, cast: Cast, client: Client) -> None:
    key, _codes = enrol(client.sign_in("vera"))
    visitor = newcomer(app)
    assert visitor.post(fresh_link(cast.vera, links.PASSWORD), WORDS).location == "/sign-in"
    assert visitor.get("/").location.startswith("/sign-in"), "nobody is signed in by a link"
    first_step(visitor, "vera", NEW)
    assert visitor.get("/").location.startswith("/sign-in")
    settle()
    assert cast.vera.two_factor == "totp"
    assert visitor.post(visitor.asked_at, {"code": code_of(key)}).location == "/"


def test_it_is_told_by_mail_and_kept_in_the_events(app: Flask, cast: Cast) -> None:
    set_user("vera", email_verified_at=NOON)
    assert newcomer(app).post(fresh_link(cast.vera, links.PASSWORD), WORDS).status_code == 303
    settle()
    told = db.session.scalars(select(Message).where(Message.purpose == "password_changed")).one()
    assert (told.address, told.user_id) == ("vera@example.com", cast.vera.id)
    event = db.session.scalars(select(Event)).one()
    assert (event.action, event.actor_id, event.before, event.after) == (
        "account.reset_password", cast.vera.id, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["Vera@Example.COM", " vera@example.com ", "ｖｅｒａ@example.com", "vera@EXAMPLE。com"]
)
def test_mail_goes_to_the_address_that_is_kept(app: Flask, cast: Cast, typed: str) -> None:
    found = [(message.address, message.user_id) for message in forgotten(app, typed)]
    assert found in ([("vera@example.com", cast.vera.id)], [])
    assert found or "。" in typed


@pytest.mark.parametrize(
    "change",
    [{"status": "blocked"}, {"status": "invited"}, {"status": "revoked"}, {"status": "deleted"}],
)
def test_who_may_not_in_is_sent_nothing(app: Flask, cast: Cast, change: dict[str, str]) -> None:
    set_user("vera", **change)
    assert forgotten(app, "vera@example.com") == []
    assert db.session.scalars(select(Token)).all() == []


@pytest.mark.parametrize(
    "typed", ["nobody@example.com", "vera", "@", "vera@example.com\0", "%@example.com", "x" * 5000]
)
def test_who_is_not_there_is_sent_nothing(app: Flask, cast: Cast, typed: str) -> None:
    kept = forgotten(app, typed)
    assert [message.address for message in kept] == (["vera@example.com"] if "\0" in typed else [])


def test_hostile_names_are_nobodys(app: Flask, cast: Cast) -> None:
    for typed in sorted(set(NASTY) - {"", " ", "olivia@example.com"}):
        visitor = newcomer(app)
        body = encoded([("csrf_token", visitor.token()), ("identifier", typed)])
        answer = visitor.raw_post(
            "/password/forgotten", data=body, content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code in (200, 422, 429), typed[:40]
        db.session.execute(SignInAttempt.__table__.delete())
        settle()
    assert prepared(app, "password_reset") == []


def test_whoever_signs_in_by_login_is_sent_nothing(app: Flask, cast: Cast) -> None:
    set_user("vera", login_method="login", login="vera@example.com", login_key="vera@example.com")
    assert forgotten(app, "vera@example.com") == []
    set_user("vera", email=None, email_key=None)
    assert forgotten(app, "vera@example.com") == []


@pytest.mark.parametrize("status", ["blocked", "invited", "revoked"])
def test_a_link_opens_nothing_for_whoever_may_not_in_any_more(
    app: Flask, cast: Cast, status: str
) -> None:
    path = fresh_link(cast.vera, links.PASSWORD)
    set_user("vera", status=status)
    answer = newcomer(app).post(path, WORDS)
    assert answer.status_code == 422
    assert "cannot be used at the moment" in answer.text
    settle()
    assert passwords.matches(cast.vera, PASSWORD, app.extensions["settings"])


def test_blocking_withdraws_the_link(app: Flask, cast: Cast, client: Client, path: str) -> None:
    with clock.at(NOON):
        act(client.sign_in("olivia"), "users", "block", cast.vera.id)
        act(client, "users", "unblock", cast.vera.id)
        assert "This link was withdrawn." in newcomer(app).post(path, WORDS).text


def test_a_password_that_the_person_changed_withdraws_the_link(
    app: Flask, cast: Cast, path: str
) -> None:
    with clock.at(NOON):
        own = "quite another set of words"
        words = {"current_password": PASSWORD, "new_password": own, "repeat_password": own}
        assert newcomer(app).sign_in("vera").post("/account/password", words).status_code == 303
        assert newcomer(app).post(path, WORDS).status_code == 410


def test_at_most_three_mails_in_ten_minutes(app: Flask, cast: Cast) -> None:
    for minute, sent in ((0, 1), (1, 2), (2, 3), (3, 3), (9, 3), (11, 4)):
        with clock.at(NOON + timedelta(minutes=minute)):
            assert len(forgotten(app, "vera@example.com")) == sent, f"after {minute} minutes"


def test_asking_is_throttled_for_known_and_unknown_alike(app: Flask, cast: Cast) -> None:
    for typed in ("vera@example.com", "nobody@example.com"):
        visitor = newcomer(app)
        statuses = [
            visitor.post("/password/forgotten", {"identifier": typed}).status_code for _ in range(6)
        ]
        assert statuses == [200] * 5 + [429], typed
    visitor = newcomer(app)
    others = [
        visitor.post("/password/forgotten", {"identifier": f"x{n}@example.com"}).status_code
        for n in range(11)
    ]
    assert others == [200] * 10 + [429], "one address, whoever it asks for"


def test_asking_does_not_keep_anybody_from_signing_in(app: Flask, cast: Cast) -> None:
    for _ in range(6):
        newcomer(app).post("/password/forgotten", {"identifier": "vera@example.com"})
    assert newcomer(app).try_sign_in("vera").location == "/"


@pytest.mark.parametrize(
    "typed, field, message",
    [
        (
            {"new_password": "short", "repeat_password": "short"},
            "new_password",
            "at least 15 characters",
        ),
        ({"repeat_password": "something else"}, "repeat_password", "differ"),
        (
            {"new_password": "vera vance 20261", "repeat_password": "vera vance 20261"},
            "new_password",
            "your own name",
        ),
    ],
)
def test_a_bad_password_is_refused_at_its_field_and_uses_nothing_up(
    app: Flask, cast: Cast, *, typed: dict[str, str], field: str, message: str
) -> None:
    visitor = newcomer(app)
    path = fresh_link(cast.vera, links.PASSWORD)
    answer = visitor.post(path, {**WORDS, **typed})
    assert answer.status_code == 422
    assert message in error_at(answer, field)
    assert not any(e["value"] for e in read(answer).all("input", type="password"))
    assert visitor.post(path, WORDS).status_code == 303


def test_a_person_who_is_invited_cannot_reset_instead_of_accepting(app: Flask, cast: Cast) -> None:
    person = invited(app, cast.olivia)
    assert forgotten(app, "ivan@example.com") == []
    assert newcomer(app).post(fresh_link(person, links.PASSWORD), WORDS).status_code == 422
    settle()
    assert person.password_hash is None


def test_the_same_link_twice_at_once_works_once(app: Flask, cast: Cast) -> None:
    person = cast.vera
    pair = [newcomer(app), newcomer(app)]
    rounds = 200
    others = [dict.fromkeys(WORDS, f"{NEW} {who}") for who in ("one", "two")]
    for number in range(1, rounds + 1):
        path = fresh_link(person, links.PASSWORD)
        acts = [partial(each.post, path, words) for each, words in zip(pair, others, strict=True)]
        statuses = [answer.status_code for answer in at_once(acts)]
        assert sorted(statuses) == [303, 410], f"round {number}"
        settle()
        won = others[statuses.index(303)]["new_password"]
        assert passwords.matches(person, won, app.extensions["settings"]), f"round {number}"
    resets = select(func.count(Event.id)).where(Event.action == "account.reset_password")
    assert db.session.scalar(resets) == rounds
