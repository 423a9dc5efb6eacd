"""Helpers for the tests of the outbox: put messages there, and see what became of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.delivery import deliver_due
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing.client import settle

LINK = "http://127.0.0.1/invitations/a-value-that-nobody-else-may-know"
VALUES = {
    "link": LINK,
    "valid": "8 hours",
    "inviter": "Olivia Owen",
    "person": "Vera Vance",
    "code": "123456",
    "device": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0 Safari/537.36",
    "ip": "192.0.2.7",
    "at": "2026-01-01 10:00 UTC",
    "permission": "users.block",
    "what": "No second factor is asked for any more.",
    "anchor": f"12:{'5' * 64}",
    "address": "n•••@example.com",
    "reason": "A page looks empty",
    "review": "Spring",
    "number": "12",
    "until": "2026-01-08 10:00 UTC",
}


def put(settings: Settings, purpose: str = "invitation", **others: Any) -> Message:
    """Queue a message, to max unless told otherwise, and commit."""
    values: Mapping[str, str] = others.pop("values", VALUES)
    letter = OutgoingMail(
        purpose=purpose, address=others.pop("address", "max@example.com"), values=values, **others
    )
    outbox.queue([letter], settings)
    settle()
    message = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    db.session.commit()  # and gives back SQLite's write lock, which a worker process needs
    return message


def state_of(message: Message) -> str:
    """Return the state of a message, without keeping a worker process from going on."""
    settle()
    state = message.state
    settle()
    return state


def token_of(user: User, **times: datetime) -> Token:
    """Add an invitation token, live unless its times say otherwise."""
    now = clock.now()
    made = Token(
        user_id=user.id, purpose="invitation", value_hash=str(now.timestamp()), created_at=now,
        **{"expires_at": now + timedelta(hours=8), **times},
    )  # fmt: skip
    db.session.add(made)
    settle()
    return made


def deliver(settings: Settings, *, later: timedelta = timedelta(0)) -> int:
    """Deliver what is due so much later; commit before, and read anew after."""
    settle()
    with clock.at(clock.now() + later):
        sent = deliver_due(settings)
    settle()
    return sent
