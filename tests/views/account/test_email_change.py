"""Changing one's own e-mail address: it is confirmed at the new address only.

The old address is told about the change.
"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock, events
from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.email_change import NEW, addresses, ask, confirm, link_to, worker
from tests.support.factors import visitor
from tests.support.html import error_at, read, value_of

SAID = "If nobody else has this address"


@pytest.fixture
def vera(client: Client, cast: Cast) -> Client:
    return client.sign_in("vera")


def test_an_address_changes_once_it_is_confirmed_where_the_link_went(
    app: Flask, vera: Client, cast: Cast
) -> None:
    version = cast.vera.version
    link = link_to(app, vera)
    assert addresses()["Vera"] == "vera@example.com"
    assert confirm(vera, link) == 303
    settle()
    user = db.session.scalars(select(User).where(User.first_name == "Vera")).one()
    assert (user.email, user.email_key, user.version) == (NEW, NEW, version + 1)
    assert user.email_verified_at is not None
    visitor(app).sign_in(NEW)
    assert visitor(app).try_sign_in("vera").status_code == 422
    (event,) = db.session.scalars(select(Event).where(Event.action == "account.change_email"))
    assert (event.before, event.after) == ({"email": "vera@example.com"}, {"email": NEW})
    assert events.verify() == []


def test_the_old_address_is_told_with_the_new_one_masked(app: Flask, vera: Client) -> None:
    confirm(vera, link_to(app, vera))
    settle()
    (notice,) = db.session.scalars(select(Message).where(Message.purpose == "email_changed"))
    said = outbox.values_of(notice, app.extensions["settings"])
    assert notice.address == "vera@example.com"
    assert (said["address"], said["ip"]) == ("v•••@example.org", "127.0.0.1")
    assert NEW not in str(said)


def test_a_confirmed_address_ends_other_sessions_and_other_links(
    app: Flask, vera: Client, cast: Cast
) -> None:
    other = visitor(app).sign_in("vera")
    tokens.issue(user=cast.vera, purpose="password_reset", valid=timedelta(hours=1))
    settle()
    confirm(vera, link_to(app, vera))
    assert vera.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 303
    settle()
    ended = db.session.scalars(
        select(Session.ended_reason).where(Session.ended_at.is_not(None))
    ).all()
    assert ended == ["e-mail changed"]
    assert db.session.scalar(select(func.count(Token.id)).where(Token.open())) == 0


def test_looking_at_the_link_uses_nothing_up_and_hides_its_value(app: Flask, vera: Client) -> None:
    link = link_to(app, vera)
    for _ in range(3):
        page = vera.get(link, follow_redirects=True)
        assert page.request.path.startswith("/account/email/opened/")
        assert NEW in page.text
        assert link.rpartition("/")[2] not in page.text
    assert addresses()["Vera"] == "vera@example.com"
    assert (
        vera.post(page.request.path).status_code == 303
    )  # also from a page that was opened before
    assert addresses()["Vera"] == NEW


def test_a_used_link_says_so(app: Flask, vera: Client) -> None:
    link = link_to(app, vera)
    confirm(vera, link)
    for answer in (vera.get(link),):
        assert answer.status_code == 410
        assert "used already" in answer.text


def test_a_newer_request_supersedes_the_link_at_once(app: Flask, vera: Client) -> None:
    first = link_to(app, vera)
    ask(vera, "max@example.com")  # taken: no newer link will ever leave
    answer = vera.get(first)
    assert answer.status_code == 410
    assert "newer link" in answer.text
    assert worker(app) == []


def test_of_several_requests_only_the_latest_gets_a_link(app: Flask, vera: Client) -> None:
    for number in range(3):
        ask(vera, f"vera{number}@example.org")
    (link,) = worker(app)
    assert confirm(vera, link) == 303
    assert addresses()["Vera"] == "vera2@example.org"


@pytest.mark.parametrize(
    "late, status", [(timedelta(seconds=3599), 303), (timedelta(hours=1), 410)]
)
def test_a_link_works_for_an_hour(app: Flask, vera: Client, late: timedelta, status: int) -> None:
    start = clock.now()
    with clock.at(start):
        link = link_to(app, vera)
    with clock.at(start + timedelta(minutes=25)):
        vera.get("/")  # the session must not fall idle meanwhile
    with clock.at(start + timedelta(minutes=50)):
        vera.get("/")
    with clock.at(start + late):
        assert confirm(vera, link) == status
    assert addresses()["Vera"] == (NEW if status == 303 else "vera@example.com")


def test_a_link_works_for_the_person_who_asked_and_for_nobody_else(
    app: Flask, vera: Client
) -> None:
    link = link_to(app, vera)
    olivia = visitor(app).sign_in("olivia")
    form = str(olivia.get(link).location)
    for answer, status in ((olivia.get(form), 200), (olivia.post(form), 403)):
        assert answer.status_code == status
        assert "You are signed in as olivia@example.com" in answer.text
    assert addresses() == addresses() | {"Vera": "vera@example.com", "Olivia": "olivia@example.com"}
    assert confirm(vera, link) == 303


def test_a_link_opened_signed_out_goes_on_after_the_sign_in(app: Flask, vera: Client) -> None:
    link = link_to(app, vera)
    elsewhere = visitor(app)
    form = str(elsewhere.get(link).location)
    assert elsewhere.get(form).location == f"/sign-in?next={form}", (
        "the value is gone from the address already"
    )
    entered = elsewhere.post(
        "/sign-in",
        {"identifier": "vera@example.com", "password": PASSWORD, "next": form},
        follow_redirects=True,
    )
    assert entered.request.path == form
    elsewhere._token = None
    assert elsewhere.post(form).status_code == 303
    assert addresses()["Vera"] == NEW


def test_a_free_and_a_taken_address_get_the_same_answer(app: Flask, vera: Client) -> None:
    pages = []
    start = clock.now()
    for address in (NEW, "max@example.com", "MAX@EXAMPLE.COM", "ｍax@example.com"):
        with clock.at(start):  # the page says what time it is
            ask(vera, address)
            pages.append(vera.get("/account/"))
    assert len({read(page).one("main").text for page in pages}) == 1
    assert SAID in pages[0].text
    assert worker(app) == []  # the latest was taken, and nothing is mailed to its owner
    assert db.session.scalars(select(Message)).all() == []


def test_the_sixth_request_in_five_minutes_waits_whether_the_addresses_were_free_or_not(
    app: Flask, vera: Client
) -> None:
    for address in (NEW, "max@example.com") * 3:
        worker(app)
        answer = vera.post("/account/email", {"email": address})
    assert answer.status_code == 429
    assert "Too many" in answer.text
    assert value_of(answer, "email") == "max@example.com"
    settle()
    assert (addresses()["Vera"], worker(app)) == ("vera@example.com", [])


def test_a_link_loses_against_whoever_took_the_address_meanwhile(
    app: Flask, vera: Client, cast: Cast
) -> None:
    link = link_to(app, vera)
    cast.max.set_email(NEW.upper())
    settle()
    opened = vera.get(link)
    answer = vera.post(opened.location)
    assert answer.status_code == 422
    assert "Somebody else has this address" in answer.text
    assert addresses()["Vera"] == "vera@example.com"


def test_asking_needs_a_recent_confirmation(app: Flask, vera: Client) -> None:
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert vera.get("/account/email").location.startswith("/account/confirm")
        asked = vera.post("/account/email", {"email": NEW})
        assert asked.status_code == 403
        assert "confirm_password" in asked.text
    settle()
    assert db.session.scalars(select(Message)).all() == []


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "vera", "@", "a@b@c.org", "a b@example.org", "a\0@b\0", '"a b"@example.org',
        "x" * 10_000, "x" * 300 + "@example.org", "ﬃ" * 100 + "@example.org",
        "<script>alert(1)</script>@example.org", "a@example.org\r\nBcc: b@example.org",
        "a@-example.org", "a@[127.0.0.1]", "a@localhost",
        "vera@example.com", "VERA@Example.com", "ｖera@example.com", "vera＠example.com",
    ],
)  # fmt: skip
def test_what_is_no_new_address_is_refused_at_the_field(
    app: Flask, vera: Client, typed: str
) -> None:
    answer = vera.post("/account/email", {"email": typed})
    assert answer.status_code == 422
    assert error_at(answer, "email")
    assert "<script>" not in read(answer).one("main").text or "alert" in typed
    assert worker(app) == []


@pytest.mark.parametrize(
    "typed",
    ["oſkar@example.org", "OSKAR@example.org", "ｏskar@example.org", "os\u212aar@example.org"],
)
def test_spellings_of_one_address_are_one_address(
    app: Flask, vera: Client, cast: Cast, typed: str
) -> None:
    """A long s compares equal to an s, and the Kelvin sign to a k."""
    cast.max.set_email("oskar@example.org")
    settle()
    ask(vera, typed)
    assert worker(app) == []


def test_a_dotless_i_is_another_letter(app: Flask, vera: Client, cast: Cast) -> None:
    cast.max.set_email("iris@example.org")
    settle()
    assert confirm(vera, link_to(app, vera, "ıris@example.org")) == 303
    assert addresses() == addresses() | {"Max": "iris@example.org", "Vera": "ıris@example.org"}


@pytest.mark.parametrize(
    "value", ["x", "x" * 5000, "%00", "..", "confirm%00", "%F0%9F%94%91", "a%2Fb"]
)
def test_a_made_up_link_opens_nothing(vera: Client, value: str) -> None:
    assert vera.get(f"/account/email/{value}").status_code == 404
    assert vera.post("/account/email/opened/x").status_code == 404


def test_a_blocked_person_gets_no_link_any_more(app: Flask, vera: Client, cast: Cast) -> None:
    ask(vera)
    cast.vera.status = "blocked"
    assert worker(app) == []
