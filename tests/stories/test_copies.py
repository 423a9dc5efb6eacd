"""A copied or planted cookie is worth nothing once the person has acted."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock
from backoffice.auth import links
from backoffice.extensions import db
from backoffice.models.message import Message
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.email_change import link_to
from tests.support.factors import enrol, give_email_codes, is_in, visitor
from tests.support.links import fresh_link
from views.web.actor import SESSION_KEY

pytestmark = pytest.mark.usefixtures("still")

NEW = "five quite unusual words here"


def change_password(app: Flask, client: Client) -> None:
    words = {"current_password": PASSWORD, "new_password": NEW, "repeat_password": NEW}
    assert client.post("/account/password", words).status_code == 303


def enable_app(app: Flask, client: Client) -> None:
    enrol(client)


def enable_codes(app: Flask, client: Client) -> None:
    assert client.post("/account/two-factor/email").status_code == 200


def switch_off(app: Flask, client: Client) -> None:
    assert client.post("/account/two-factor/off").status_code == 303


def change_address(app: Flask, client: Client) -> None:
    assert client.post(client.get(link_to(app, client)).location).status_code == 303


def confirm(app: Flask, client: Client) -> None:
    answer = client.post("/account/confirm", {"confirm_password": PASSWORD, "confirm_to": "/"})
    assert answer.status_code == 303


ACTS = (change_password, enable_app, enable_codes, switch_off, change_address, confirm)


def copied(app: Flask, client: Client) -> Client:
    """Return a second browser with the same session cookie, as a thief would have it."""
    home = app.config["TEST_BASE_URL"]
    other = visitor(app)
    with client.session_transaction(base_url=home) as cookie:
        value = cookie[SESSION_KEY]
    with other.session_transaction(base_url=home) as cookie:
        cookie[SESSION_KEY] = value
    assert is_in(other)
    return other


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_a_copied_session_dies_and_the_own_one_goes_on(
    app: Flask, client: Client, cast: Cast, act: Callable[[Flask, Client], None]
) -> None:
    cast.vera.email_verified_at = clock.now()
    client.sign_in("vera")
    thief = copied(app, client)
    act(app, client)
    assert not is_in(thief)
    assert is_in(client)


def marked(app: Flask, value: str = "") -> Client:
    """Return a browser with this device mark."""
    found = visitor(app)
    if value:
        found.set_cookie("device", value, domain="127.0.0.1")
    return found


def mark_of(client: Client) -> str:
    found = client.get_cookie("device", domain="127.0.0.1")
    return found.value if found else ""


def told(cast: Cast) -> int:
    """Count the mails that told Vera of a new device."""
    settle()
    mine = (Message.purpose == "new_device", Message.user_id == cast.vera.id)
    return db.session.scalar(select(func.count(Message.id)).where(*mine)) or 0


@pytest.fixture
def vera(app: Flask, cast: Cast) -> Client:
    """Vera's browser, which she has used before."""
    cast.vera.email_verified_at = clock.now()
    return visitor(app).sign_in("vera")


def test_a_mark_that_somebody_planted_makes_no_browser_known(
    app: Flask, cast: Cast, vera: Client
) -> None:
    planted = "attacker-chose-these-32-letters-"
    vera.sign_out()
    vera.set_cookie("device", planted, domain="127.0.0.1")
    vera.sign_in("vera")
    assert mark_of(vera) not in ("", planted), "it was replaced"
    before = told(cast)
    marked(app, planted).sign_in("vera")
    assert told(cast) == before + 1


def test_a_mark_that_was_copied_before_the_last_sign_in_is_known_no_more(
    app: Flask, cast: Cast, vera: Client
) -> None:
    copy = mark_of(vera)
    vera.sign_out()
    vera.sign_in("vera")
    assert told(cast) == 0, "her own browser is known"
    marked(app, copy).sign_in("vera")
    assert told(cast) == 1


def test_a_mark_counts_for_the_person_who_earned_it_alone(
    app: Flask, cast: Cast, vera: Client
) -> None:
    cast.max.email_verified_at = clock.now()
    visitor(app).sign_in("max")
    other = marked(app, mark_of(vera))
    other.sign_in("max")
    settle()
    assert (
        db.session.scalar(select(func.count(Message.id)).where(Message.user_id == cast.max.id)) == 1
    )


def test_a_failed_sign_in_gives_no_mark(app: Flask, cast: Cast) -> None:
    stranger = visitor(app)
    stranger.try_sign_in("vera", "not the password")
    assert mark_of(stranger) == ""


def test_signing_in_ends_the_links_to_reset_the_password(
    app: Flask, cast: Cast, client: Client
) -> None:
    link, other = fresh_link(cast.vera, links.PASSWORD), fresh_link(cast.max, links.PASSWORD)
    client.try_sign_in("vera", "not the password")
    assert visitor(app).get(link, follow_redirects=True).status_code == 200
    client.sign_in("vera")
    assert visitor(app).get(link).status_code == 410
    assert visitor(app).get(other, follow_redirects=True).status_code == 200


def test_a_right_password_alone_ends_no_link(app: Flask, cast: Cast, client: Client) -> None:
    """A person who lacks the second factor has not signed in."""
    give_email_codes(cast.vera)
    link = fresh_link(cast.vera, links.PASSWORD)
    client.try_sign_in("vera")
    assert visitor(app).get(link, follow_redirects=True).status_code == 200
