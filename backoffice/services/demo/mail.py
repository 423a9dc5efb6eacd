"""What became of the year's mails: nearly all went out at once, a few never did, a few are being tried."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.services.delivery import TRIES
from backoffice.services.demo.office import Office

RARELY = 0.006
LATE = 4  # of the latest mails, which are still being tried
NO_MAILBOX = (
    "550 5.1.1 The mailbox does not exist.",
    "550 5.7.1 Refused by the recipient's mail server.",
    "552 5.2.2 The mailbox is full.",
)
NO_ANSWER = "451 4.7.1 Greylisted, try again later."


def settle(office: Office) -> None:
    """Have every message that was written in the year sent, or fail, as a mail server would have done."""
    live = select(Token.id).where(Token.live())
    rows = db.session.execute(select(Message.id, Message.created_at, Message.token_id.in_(live)).order_by(Message.id))
    found = [(row[0], row[1], bool(row[2])) for row in rows]
    late = {message_id for message_id, _at, _live in office.random.sample(found[-40:], min(LATE, len(found)))}
    changes = [_late(office, *row) if row[0] in late else _settled(office, *row) for row in found]
    if changes:
        db.session.execute(update(Message), changes)


def _settled(office: Office, message_id: int, at: datetime, works: bool) -> dict[str, Any]:
    """Sent after a moment, or given up; only what a link still needs is kept."""
    dead = office.chance(RARELY) and not works
    change: dict[str, Any] = {"id": message_id, "next_attempt_at": None, "last_error": "", "updated_at": at}
    if dead:
        error = office.random.choice(NO_MAILBOX)
        return change | {"state": "dead", "attempts": TRIES, "last_error": error}
    sent = min(at + office.minutes(0.01, 0.2), office.agenda.end)
    change |= {"state": "sent", "attempts": 1, "sent_at": sent, "updated_at": sent}
    return change if works else change | {"sealed": None}


def _late(office: Office, message_id: int, at: datetime, _works: bool) -> dict[str, Any]:
    """Refused for the time being, and to be tried again."""
    soon = clock.now() + timedelta(hours=1) + office.minutes(5, 120)
    tried = {"state": "failed", "attempts": office.random.randint(2, 6), "last_error": NO_ANSWER}
    return {"id": message_id, "next_attempt_at": soon, "updated_at": at} | tried
