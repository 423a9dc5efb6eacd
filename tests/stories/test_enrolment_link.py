"""A new app by a link from an administrator: access to the mailbox alone is not enough."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import totp
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, everything
from tests.support.factors import (
    code_of,
    first_step,
    give_app,
    is_in,
    key_on,
    mailed,
    second_step,
    visitor,
)
from tests.support.html import error_at, read

pytestmark = pytest.mark.usefixtures("still")


@pytest.fixture
def olivia(app: Flask, cast: Cast) -> Client:
    return visitor(app).sign_in("olivia")


@pytest.fixture
def link(app: Flask, cast: Cast, olivia: Client) -> str:
    """Olivia sends Max a link to set up an app anew; return its path."""
    return sent(app, olivia, cast)


def sent(app: Flask, olivia: Client, cast: Cast) -> str:
    act(olivia, "users", "re-enrol-2fa", cast.max.id)
    base: str = app.extensions["settings"].base_url
    return mailed(app, "two_factor_enrolment", cast.max)[-1]["link"].removeprefix(base)


def opened(app: Flask, link: str) -> Client:
    """Return a browser in which the link was opened."""
    client = visitor(app)
    looked = client.get(link)
    assert looked.status_code == 303
    client.here = str(looked.location)
    assert link not in client.here, "the value leaves the address bar"
    return client


def words(key: str, steps: int = 0) -> dict[str, str]:
    """Return the form with a code of the key, as typed on the page that shows the key."""
    return {"shown": totp.name_of(key), "code": code_of(key, steps=steps)}


def key_by(client: Client, password: str = PASSWORD) -> str:
    answer = client.send({"password": password})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return key_on(answer)


def test_the_link_sets_up_an_app_by_password_and_code(
    app: Flask, cast: Cast, olivia: Client, link: str
) -> None:
    cast.max.email_verified_at = clock.now()
    old = visitor(app).sign_in("max")
    client = opened(app, link)
    key = key_by(client)
    done = client.send(words(key, steps=-1))
    assert done.status_code == 200
    codes = read(done).one("pre").text.split()
    assert len(codes) == 10
    assert not is_in(old), "every session of theirs ends"
    assert not is_in(client), "and no new one begins"
    assert second_step(first_step(client, "max"), code_of(key)).status_code == 303
    event = db.session.scalars(select(Event).where(Event.action == "account.two_factor")).one()
    assert (event.actor_id, event.after) == (cast.max.id, {"two_factor": "totp"})
    assert len(mailed(app, "two_factor_changed", cast.max)) == 1


def test_the_factor_in_use_works_until_the_new_one_is_confirmed(
    app: Flask, client: Client, cast: Cast, olivia: Client
) -> None:
    old = give_app(cast.max, app.extensions["settings"])[0]
    by_link = opened(app, sent(app, olivia, cast))
    key_by(by_link)
    assert second_step(first_step(client, "max"), code_of(old)).status_code == 303


def test_looking_uses_nothing_up_and_shows_no_key(app: Flask, link: str) -> None:
    before = everything()
    client = opened(app, link)
    for path in (link, client.here, link):
        page = client.get(path, follow_redirects=True).text
        assert 'name="password"' in page
        assert "totp-key" not in page
    assert everything() == before


def test_the_mailbox_alone_is_not_enough(app: Flask, cast: Cast, link: str) -> None:
    client = opened(app, link)
    for words in (
        {"password": "not at all the password"},
        {"password": ""},
        {"code": "123456"},
        {"code": ""},
    ):
        answer = client.send(words)
        assert answer.status_code == 422
        assert "totp-key" not in answer.text
    settle()
    assert (cast.max.two_factor, everything()["totp_secrets"]) == ("disabled", [])


def test_wrong_passwords_are_counted_and_throttled(app: Flask, link: str) -> None:
    client = opened(app, link)
    for _ in range(5):
        assert error_at(client.send({"password": "not at all the password"}), "password")
    answer = client.send({"password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many failed tries" in answer.text
    assert visitor(app).try_sign_in("max").status_code == 429, "the same number as at sign-in"
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        key_by(client)


def test_codes_that_the_holder_of_the_link_guesses_are_counted_and_throttled(
    app: Flask, link: str
) -> None:
    """The owner gave the password elsewhere; a reader of the mailbox tries codes by the link."""
    key = key_by(opened(app, link))
    thief = opened(app, link)
    for _ in range(5):
        assert error_at(thief.send({"code": "wrong"}), "code")
    answer = thief.send(words(key))
    assert answer.status_code == 429
    assert "Too many failed tries" in answer.text
    settle()
    columns = (SignInAttempt.factor, SignInAttempt.result, SignInAttempt.reason)
    tries = db.session.execute(select(*columns).order_by(SignInAttempt.id)).all()
    assert tries.count(("code", "failed", "enrolment link")) == 5
    assert tries[-1] == ("code", "blocked", "throttled")
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert thief.send(words(key)).status_code == 200


@pytest.mark.parametrize("age, works", [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_the_link_works_for_eight_hours(
    app: Flask, cast: Cast, olivia: Client, age: timedelta, works: bool
) -> None:
    start = clock.now()
    with clock.at(start):
        link = sent(app, olivia, cast)
    with clock.at(start + timedelta(hours=8) - timedelta(seconds=1) + age):
        client = visitor(app)
        assert client.get(link).status_code == (303 if works else 410)
        posted = client.post(link, {"password": PASSWORD})
        assert posted.status_code == (200 if works else 410)


def test_the_link_works_once(app: Flask, link: str) -> None:
    client = opened(app, link)
    key = key_by(client)
    assert client.send(words(key, steps=-1)).status_code == 200
    for again in (
        client.get(link),
        client.post(link, {"password": PASSWORD}),
        client.post(link, words(key)),
    ):
        assert again.status_code == 410
        assert "used already" in again.text
    assert client.get(client.here).status_code == 410


def test_a_newer_link_supersedes_the_older(
    app: Flask, cast: Cast, olivia: Client, link: str
) -> None:
    client = opened(app, link)
    newer = sent(app, olivia, cast)
    for answer in (
        client.get(client.here),
        client.send({"password": PASSWORD}),
        visitor(app).get(link),
    ):
        assert answer.status_code == 410
        assert "newer link" in answer.text
    key_by(opened(app, newer))


def test_a_made_up_link_is_none(app: Flask, link: str) -> None:
    client = visitor(app)
    for value in ("made-up", "x" * 43, "ſıK", "%00"):
        assert client.get(f"/two-factor/enrol/{value}").status_code == 404
        assert client.post(f"/two-factor/enrol/{value}", {"password": PASSWORD}).status_code == 404
    assert (
        client.post("/two-factor/enrol/opened/made-up", {"password": PASSWORD}).status_code == 404
    )


def test_a_link_of_another_kind_is_none(app: Flask, link: str) -> None:
    db.session.execute(update(Token).values(purpose="password_reset"))
    assert visitor(app).get(link).status_code == 404


def test_a_block_between_password_and_code_ends_it(
    app: Flask, cast: Cast, olivia: Client, link: str
) -> None:
    client = opened(app, link)
    key = key_by(client)
    act(olivia, "users", "block", cast.max.id)
    assert client.send(words(key)).status_code == 410
    act(olivia, "users", "unblock", cast.max.id)
    assert client.send(words(key)).status_code == 410, "voided links stay void"
    settle()
    assert cast.max.two_factor == "disabled"


def test_the_ip_whitelist_holds_for_the_link_too(app: Flask, cast: Cast, link: str) -> None:
    client = opened(app, link)
    key = key_by(client)
    cast.max.ip_whitelist = ["203.0.113.0/24"]
    settle()
    for typed in (words(key), {"password": PASSWORD}):
        answer = client.send(typed)
        assert answer.status_code == 422
        assert "from where you are" in answer.text
    cast.max.ip_whitelist = ["127.0.0.1"]
    settle()
    assert client.send(words(key)).status_code == 200


def test_the_link_needs_the_forms_token(app: Flask, link: str) -> None:
    client = opened(app, link)
    assert client.raw_post(client.here, data={"password": PASSWORD}).status_code == 400
    assert client.raw_post(link, data={"password": PASSWORD}).status_code == 400
