"""Links that were mailed, as their holder uses them, and people who wait for one."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from backoffice.auth import links, tokens
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.client import Client, settle
from tests.support.factors import mailed, visitor

WORDS = {
    "new_password": "five quite unusual words here",
    "repeat_password": "five quite unusual words here",
}
CHANGING = re.compile(r'csrf_token" value="[^"]+"|nonce="[^"]+"|<code>[0-9a-f]{12}</code>')


def invited(app: Flask, inviter: User, name: str = "ivan") -> User:
    """Add a person whom `inviter` has invited, with an open link."""
    person = User(status="invited", created_by=inviter, first_name="Ivan", last_name="Iver")
    person.set_email(f"{name}@example.com")
    db.session.add(person)
    db.session.flush()
    links.send(
        links.INVITATION,
        select(User.id).where(User.id == person.id),
        app.extensions["settings"],
        values={"inviter": "O"},
    )
    settle()
    return person


def link_to(app: Flask, purpose: str, person: User) -> str:
    """Return the path of the link in the latest mail of this purpose to this person."""
    return urlsplit(mailed(app, purpose, person)[-1]["link"]).path


def fresh_link(person: User, kind: links.LinkType, valid: timedelta = timedelta(hours=1)) -> str:
    """Return the path of a new link that was not mailed."""
    issued = tokens.issue(user=person, purpose=kind.purpose, valid=valid)
    settle()
    return f"/{kind.path}/{issued.value}"


def prepared(app: Flask, purpose: str) -> list[Message]:
    """Complete every waiting message of this purpose as the worker does.

    Returns those that are to be sent.
    """
    settle()
    statement = select(Message).where(Message.purpose == purpose).order_by(Message.id)
    kept = []
    for message in db.session.scalars(statement).all():
        prepare = outbox.preparation(message)
        if prepare and not prepare(message, app.extensions["settings"]):
            db.session.delete(message)
        else:
            kept.append(message)
        db.session.flush()
    settle()
    return kept


def newcomer(app: Flask) -> Client:
    """Return a browser that was never here, with a form's token at hand."""
    client = visitor(app)
    client.token()
    return client


def same_for_all(text: str) -> str:
    """Return a page without what differs in every answer."""
    return CHANGING.sub("", text)
