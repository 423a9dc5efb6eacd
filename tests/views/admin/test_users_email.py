"""E-mail addresses on the screen of people.

Nobody changes their own there; changing another person's voids that person's links.
"""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from backoffice import clock
from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit
from tests.support.email_change import NEW, addresses
from tests.support.html import error_at, hidden


def test_ones_own_address_is_not_changed_through_the_screen(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    answer = edit(client, "users", cast.olivia.id, email="other@example.org", phone="+12025550101")
    assert answer.status_code == 422
    assert "on your profile" in error_at(answer, "email")
    response = edit(
        client, "users", cast.olivia.id, email="olivia@example.com", phone="+12025550101"
    )
    assert response.status_code == 303
    settle()
    assert (cast.olivia.phone, addresses()["Olivia"]) == ("+12025550101", "olivia@example.com")


def test_an_administrators_change_ends_links_and_tells_a_confirmed_address(
    app: Flask, client: Client, cast: Cast
) -> None:
    cast.vera.email_verified_at = clock.now()
    tokens.issue(user=cast.vera, purpose="password_reset", valid=timedelta(hours=1))
    client.sign_in("olivia")
    assert edit(client, "users", cast.vera.id, email=NEW).status_code == 303
    settle()
    user = db.session.scalars(select(User).where(User.first_name == "Vera")).one()
    assert (user.email, user.email_verified_at) == (NEW, None)
    assert db.session.scalar(select(func.count(Token.id)).where(Token.open())) == 0
    (notice,) = db.session.scalars(select(Message))
    assert (notice.purpose, notice.address) == ("email_changed", "vera@example.com")
    prepare = outbox.preparation(notice)
    assert prepare
    assert prepare(notice, app.extensions["settings"])
    assert outbox.values_of(notice, app.extensions["settings"])["address"] == "v•••@example.org"


def test_an_unconfirmed_address_is_told_nothing(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    edit(client, "users", cast.vera.id, email=NEW)
    settle()
    assert db.session.scalars(select(Message)).all() == []


def test_who_gets_codes_by_mail_keeps_the_address_they_go_to(client: Client, cast: Cast) -> None:
    cast.vera.two_factor = "email"
    client.sign_in("olivia")
    assert "Disable their 2FA first" in error_at(
        edit(client, "users", cast.vera.id, email=NEW), "email"
    )
    settle()
    assert cast.vera.email == "vera@example.com"


def test_another_spelling_may_be_another_mailbox(client: Client, cast: Cast) -> None:
    cast.vera.email_verified_at = clock.now()
    client.sign_in("olivia")
    assert edit(client, "users", cast.vera.id, email="Vera@example.com").status_code == 303
    settle()
    assert (cast.vera.email, cast.vera.email_verified_at) == ("Vera@example.com", None)


def test_only_who_has_just_confirmed_gives_somebody_another_address(
    client: Client, cast: Cast
) -> None:
    """An unattended browser could otherwise be used to take over an account.

    A new password would be mailed to the new address.
    """
    now = clock.now()
    with clock.at(now):
        client.sign_in("olivia")
    with clock.at(now + timedelta(minutes=5)):
        answer = edit(client, "users", cast.vera.id, phone="+12025550101", email="vera@example.com")
        assert answer.status_code == 303
        asked = edit(client, "users", cast.vera.id, email=NEW)
        assert asked.status_code == 403
        assert "Confirm your identity" in asked.text
        assert cast.vera.email == "vera@example.com"
        assert hidden(asked, "email") == NEW, "what was typed is kept"
        client.post("/account/confirm", {"confirm_password": PASSWORD})
        assert edit(client, "users", cast.vera.id, email=NEW).status_code == 303
