"""An invitation by mail: opened any number of times, accepted once, asked for again when over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from backoffice import clock, languages
from backoffice.auth import links
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, edit
from tests.support.factors import mailed
from tests.support.hostile import NASTY
from tests.support.html import error_at, read, value_of
from tests.support.links import WORDS, fresh_link, invited, link_to, newcomer
from tests.support.races import at_once

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
EIGHT_HOURS = timedelta(hours=8)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def ivan(app: Flask, cast: Cast) -> User:
    """Ivan, invited by Olivia at noon."""
    with clock.at(NOON):
        return invited(app, cast.olivia)


@pytest.fixture
def link(app: Flask, ivan: User) -> str:
    return link_to(app, "invitation", ivan)


def opened(app: Flask, link: str) -> Client:
    """Return a browser in which the link was opened."""
    visitor = newcomer(app)
    answer = visitor.get(link)
    assert answer.status_code == 303
    visitor.here = str(answer.location)
    assert visitor.here.startswith("/invitations/opened/")
    return visitor


def test_the_mailed_link_opens_the_form_and_leaves_the_address_bar(
    app: Flask, cast: Cast, client: Client
) -> None:
    client.sign_in("olivia")
    assert add(client, "users", email="ivan@example.com", first_name="Ivan").status_code == 303
    link = link_to(app, "invitation", Cast().ivan)
    visitor = opened(app, link)
    page = visitor.get(visitor.here)
    assert (page.status_code, value_of(page, "first_name")) == (200, "Ivan")
    assert link.rpartition("/")[2] not in page.get_data(as_text=True)
    assert visitor.send(WORDS).location == "/sign-in"
    newcomer(app).sign_in("ivan", WORDS["new_password"])
    again = visitor.get(visitor.here)
    assert again.status_code == 410
    assert "used already" in again.text


def test_looking_never_uses_a_link_up(app: Flask, ivan: User, link: str) -> None:
    """Mail scanners follow links, and people open them twice."""
    with clock.at(NOON):
        for method in ("HEAD", "GET", "HEAD", "GET"):
            visitor = newcomer(app)
            leads = visitor.open(link, method=method)
            assert leads.status_code == 303
            assert visitor.open(leads.location, method=method).status_code == 200
        assert ivan.status == "invited"
        assert newcomer(app).open(link, method="OPTIONS").status_code == 200
        assert opened(app, link).send(WORDS).status_code == 303
    settle()
    assert ivan.status == "active"


@pytest.mark.parametrize("after, opens", [(EIGHT_HOURS - A_SECOND, True), (EIGHT_HOURS, False)])
def test_a_link_works_for_eight_hours(
    app: Flask, ivan: User, link: str, after: timedelta, opens: bool
) -> None:
    with clock.at(NOON + after):
        assert newcomer(app).get(link).status_code == (303 if opens else 410)
        assert newcomer(app).post(link, WORDS).status_code == (303 if opens else 410)
    settle()
    assert ivan.status == ("active" if opens else "invited")


def test_it_is_checked_when_it_is_used_and_not_when_it_is_opened(
    app: Flask, ivan: User, link: str
) -> None:
    with clock.at(NOON + EIGHT_HOURS - A_SECOND):
        visitor = opened(app, link)
    with clock.at(NOON + EIGHT_HOURS):
        answer = visitor.send(WORDS)
    assert answer.status_code == 410
    assert "This link has expired" in answer.text


def test_how_long_it_works_is_a_setting(app_with: Callable[..., Flask], cast: Cast) -> None:
    other = app_with(invitation_valid=timedelta(minutes=90))
    with clock.at(NOON):
        boss = other.test_client().sign_in("olivia")
        assert add(boss, "users", email="ivan@example.com").status_code == 303
    assert mailed(other, "invitation", Cast().ivan)[0]["valid"] == "90 minutes"
    link = link_to(other, "invitation", Cast().ivan)
    for after, status in ((timedelta(minutes=90) - A_SECOND, 303), (timedelta(minutes=90), 410)):
        with clock.at(NOON + after):
            assert newcomer(other).get(link).status_code == status


@pytest.mark.parametrize(
    "ending, sentence",
    [
        ("used_at", "This link was used already."),
        ("superseded_at", "A newer link was sent in place of this one."),
        ("revoked_at", "This link was withdrawn."),
        ("expires_at", "This link has expired."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_over_says_why_and_offers_another(
    app: Flask, ivan: User, link: str, *, ending: str, sentence: str, method: str
) -> None:
    db.session.execute(update(Token).values({ending: NOON}))
    with clock.at(NOON):
        answer = (
            newcomer(app).open(link, method=method, data={})
            if method == "GET"
            else newcomer(app).post(link, WORDS)
        )
        assert answer.status_code == 410
        assert sentence in answer.text
        form = next(e for e in read(answer).all("form") if e["action"] == f"{link}/again")
        assert form.text == "Ask for a new invitation"
        assert newcomer(app).post(form["action"]).location == "/sign-in"
    assert ivan.status == "invited"


@pytest.mark.parametrize(
    "change, status",
    [
        ({"language": "xx"}, 422),
        ({"language": ["de", "en"]}, 422),
        ({"language": "de"}, 303),
        ({"language": ""}, 303),
    ],
)
def test_only_offered_languages_can_be_chosen(
    app: Flask, ivan: User, link: str, change: dict[str, str], status: int
) -> None:
    with clock.at(NOON):
        answer = opened(app, link).send({**WORDS, **change})
    assert answer.status_code == status
    settle()
    assert bool(error_at(answer, "language")) is (status == 422)
    assert ivan.language == (change["language"] if change["language"] == "de" else "en")
    assert "de" in dict(languages.offered())


def test_who_accepts_says_what_they_are_called(
    app: Flask, ivan: User, link: str, client: Client
) -> None:
    own = {"first_name": " Iwan ", "last_name": "Grozny", "language": "de"}
    with clock.at(NOON):
        assert opened(app, link).send({**WORDS, **own}).status_code == 303
    settle()
    assert (ivan.first_name, ivan.last_name, ivan.language) == ("Iwan", "Grozny", "de")
    assert ivan.name_source == "self"
    assert ivan.email_verified_at == NOON
    assert ivan.password_state == "usable"
    client.sign_in("olivia")
    assert "who alone may change it" in error_at(
        edit(client, "users", ivan.id, first_name="Ivan"), "first_name"
    )


def test_a_name_that_was_not_given_stays_the_administrators(
    app: Flask, ivan: User, link: str
) -> None:
    with clock.at(NOON):
        assert opened(app, link).send(WORDS).status_code == 303
    settle()
    assert (ivan.first_name, ivan.name_source) == ("Ivan", "administrator")


@pytest.mark.parametrize(
    "typed, field, message",
    [
        (
            {"new_password": "short", "repeat_password": "short"},
            "new_password",
            "at least 15 characters",
        ),
        ({"repeat_password": "something else"}, "repeat_password", "differ"),
        ({"new_password": "", "repeat_password": ""}, "new_password", "Choose a password"),
        (
            {"new_password": "password password", "repeat_password": "password password"},
            "new_password",
            "common",
        ),
        (
            {"new_password": "Xenia Yarrow 2026", "repeat_password": "Xenia Yarrow 2026"},
            "new_password",
            "your own name",
        ),
        ({"first_name": "x" * 101}, "first_name", "100"),
    ],
)
def test_a_refusal_stands_at_its_field_and_nothing_but_the_password_is_lost(
    app: Flask, ivan: User, link: str, *, typed: dict[str, str], field: str, message: str
) -> None:
    own = {"first_name": "Xenia", "last_name": "Yarrow", "language": "de"} | typed
    with clock.at(NOON):
        visitor = opened(app, link)
        answer = visitor.send({**WORDS, **own})
        assert answer.status_code == 422
        assert message in error_at(answer, field)
        assert [value_of(answer, name) for name in ("first_name", "last_name", "language")] == [
            own["first_name"], "Yarrow", "de",
        ]  # fmt: skip
        assert [value_of(answer, name) for name in ("new_password", "repeat_password")] == ["", ""]
        settle()
        assert (ivan.status, ivan.first_name, ivan.password_hash) == ("invited", "Ivan", None)
        assert visitor.send({**WORDS, "first_name": "Xenia"}).status_code == 303


def test_whoever_is_blocked_meanwhile_does_not_get_in(
    app: Flask, ivan: User, link: str, client: Client
) -> None:
    with clock.at(NOON):
        visitor = opened(app, link)
        client.sign_in("olivia")
        act(client, "users", "block", ivan.id)
        answer = visitor.send(WORDS)
    assert answer.status_code == 410
    assert "This link was withdrawn." in answer.text
    assert (ivan.status, ivan.password_hash) == ("blocked", None)


def test_a_link_for_something_else_is_no_invitation(app: Flask, ivan: User, link: str) -> None:
    with clock.at(NOON):
        value = link.rpartition("/")[2]
        assert newcomer(app).get(f"/password/reset/{value}").status_code == 404
        assert newcomer(app).post(f"/password/reset/{value}", WORDS).status_code == 404
        other = fresh_link(ivan, links.PASSWORD).rpartition("/")[2]
        assert newcomer(app).post(f"/invitations/{other}", WORDS).status_code == 404
    assert ivan.password_hash is None


def test_two_tabs_at_once_accept_it_once(app: Flask, cast: Cast) -> None:
    person = invited(app, cast.olivia)
    pair = [newcomer(app), newcomer(app)]
    rounds = 200
    for number in range(1, rounds + 1):
        db.session.execute(
            update(User).where(User.id == person.id).values(status="invited", password_hash=None)
        )
        path = fresh_link(person, links.INVITATION)
        answers = at_once([partial(each.post, path, WORDS) for each in pair])
        assert sorted(answer.status_code for answer in answers) == [303, 410], f"round {number}"
    settle()
    accepted = select(func.count(Event.id)).where(Event.action == "invitations.accept")
    assert (db.session.scalar(accepted), person.status) == (rounds, "active")


# --- what nobody sends who means well ---


@pytest.mark.parametrize("path", ["/invitations/{}", "/invitations/{}/again", "/password/reset/{}"])
def test_hostile_values_are_links_to_nobody(app: Flask, cast: Cast, path: str) -> None:
    values = {quote(text.encode(errors="surrogatepass")[:8000], safe="") for text in NASTY} | {
        "x" * 10_000,
        "%FF",
        "%2F",
    }
    visitor = newcomer(app)
    for value in sorted(values - {""}):
        wanted = (303, 404, 405, 429) if path.endswith("again") else (303, 308, 404)
        get = visitor.get(path.format(value))
        post = visitor.post(path.format(value), WORDS)
        assert get.status_code in (*wanted, 405), value[:60]
        assert post.status_code in (*wanted, 400, 405), value[:60]
        assert "X-Injected" not in post.headers
    settle()
    assert db.session.scalar(select(func.count(User.id)).where(User.status == "active")) == 3
