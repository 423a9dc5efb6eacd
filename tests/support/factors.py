"""People with a second factor, and the codes that they would type."""

import re
from datetime import datetime

import pyotp
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.auth import recovery_codes, totp
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing.cast import PASSWORD
from backoffice.testing.client import Client, settle
from tests.support.html import hidden, read

KEY = re.compile(r'id="totp-key">([A-Z2-7 ]+)<')


def key_on(page: TestResponse) -> str:
    """Return the key of an authenticator app that a page shows."""
    found = KEY.search(page.get_data(as_text=True))
    assert found, "no key on the page"
    return found[1].replace(" ", "")


def code_of(key: str, at: datetime | None = None, *, steps: int = 0) -> str:
    """Return the code that an app with this key shows now, or some steps of 30 seconds away."""
    moment = at or clock.now()
    return pyotp.TOTP(key).at(int(moment.timestamp()) + 30 * steps)


def enrol(client: Client) -> tuple[str, list[str]]:
    """Enable an authenticator app for the person who is signed in.

    Returns its key and the recovery codes.
    """
    began = client.post("/account/two-factor/begin")
    assert began.status_code == 303, began.get_data(as_text=True)[:2000]
    page = client.get(began.location)
    key = key_on(page)
    words = {"shown": hidden(page, "shown"), "code": code_of(key, steps=-1)}
    done = client.post(began.location, words)  # the present one is left for the sign-in
    assert done.status_code == 200, done.get_data(as_text=True)[:2000]
    return key, read(done).one("pre").text.split()


def mailed(app: Flask, purpose: str, person: User | None = None) -> list[dict[str, str]]:
    """Return the values that only the mails of this purpose contain, the latest last.

    They are made as the worker would write them.
    """
    settle()
    statement = select(Message).where(Message.purpose == purpose).order_by(Message.id)
    rows = db.session.scalars(
        statement.where(Message.user_id == person.id) if person else statement
    )
    return [outbox.values_of(row, app.extensions["settings"]) for row in rows]


def give_app(person: User, settings: Settings) -> tuple[str, list[str]]:
    """Give a person an authenticator app without a browser.

    Returns its key and the recovery codes.
    """
    totp.generate(person, settings)
    row = db.session.scalars(select(TotpSecret).where(TotpSecret.user_id == person.id)).one()
    key = totp.pending(person, settings)
    assert key
    row.state = "active"
    person.two_factor = "totp"
    codes = recovery_codes.renew(person)
    settle()
    return key, codes


def give_email_codes(person: User) -> list[str]:
    """Give a person codes by e-mail, and return the recovery codes."""
    person.two_factor = "email"
    person.email_verified_at = clock.now()
    codes = recovery_codes.renew(person)
    settle()
    return codes


def visitor(app: Flask) -> Client:
    """Return a browser of its own."""
    found = app.test_client()
    assert isinstance(found, Client)
    return found


def first_step(client: Client, name: str, password: str = PASSWORD) -> Client:
    """Give the password, after which a code is asked for."""
    answer = client.try_sign_in(name, password)
    is_asked = answer.status_code == 303 and str(answer.location).startswith("/sign-in/code/")
    assert is_asked, answer.get_data(as_text=True)[:2000]
    return client


def second_step(client: Client, code: str) -> TestResponse:
    """Give a code."""
    answer = client.post(client.asked_at, {"code": code})
    client._token = None  # a step up gives the visitor a new session
    return answer


def is_in(client: Client) -> bool:
    """Return whether the visitor reaches home instead of the sign-in."""
    answer = client.get("/")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200
