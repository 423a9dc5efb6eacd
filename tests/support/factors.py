"""People with a second factor, and the codes they would type."""

import re
from datetime import datetime

import pyotp
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.services import messages
from tests.support.client import Client, settle
from tests.support.html import read

KEY = re.compile(r'id="totp-key">([A-Z2-7 ]+)<')


def key_on(page: TestResponse) -> str:
    """The key of an authenticator app that a page shows."""
    found = KEY.search(page.get_data(as_text=True))
    assert found, "no key on the page"
    return found[1].replace(" ", "")


def code_of(key: str, at: datetime | None = None, *, steps: int = 0) -> str:
    """What an app with this key shows now, or some steps of 30 seconds away."""
    moment = at or clock.now()
    return pyotp.TOTP(key).at(int(moment.timestamp()) + 30 * steps)


def enrol(client: Client) -> tuple[str, list[str]]:
    """Enable an authenticator app for whoever is signed in; its key and the recovery codes."""
    began = client.post("/account/two-factor/begin")
    assert began.status_code == 303, began.get_data(as_text=True)[:2000]
    key = key_on(client.get(began.location))
    done = client.post(began.location, {"code": code_of(key, steps=-1)})  # the present one is left for the sign-in
    assert done.status_code == 200, done.get_data(as_text=True)[:2000]
    return key, read(done).one("pre").text.split()


def mailed(app: Flask, purpose: str, person: User | None = None) -> list[dict[str, str]]:
    """What only the mails of this purpose know, the latest last; as the worker would write them."""
    settle()
    statement = select(Message).where(Message.purpose == purpose).order_by(Message.id)
    rows = db.session.scalars(statement.where(Message.user_id == person.id) if person else statement)
    return [messages.values_of(row, app.extensions["settings"]) for row in rows]
