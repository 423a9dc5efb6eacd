"""What became of the year's mails: nearly all went out at once, a few never did, a few are being tried."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backoffice import clock
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.mail.delivery import TRIES
from backoffice.models.message import Message
from backoffice.models.token import Token

GIVEN_UP = 0.005  # of all mails
STILL_TRIED = timedelta(hours=30)  # what was written since may still be tried
LATE = 4  # of these, at most, and never more than every second
NO_MAILBOX = (
    "550 5.1.1 The mailbox does not exist.",
    "550 5.7.1 Refused by the recipient's mail server.",
    "552 5.2.2 The mailbox is full.",
)
NO_ANSWER = "451 4.7.1 Greylisted, try again later."


@dataclass(frozen=True)
class _Mail:
    """A message as it was written; `works` is whether its link still does, None where it has none."""

    id: int
    at: datetime
    works: bool | None


def settle(office: Office) -> None:
    """Have every message that was written in the year sent, or fail, as a mail server would have done."""
    mails = _mails()
    over = [mail for mail in mails if not mail.works]
    fresh = [
        mail
        for mail in mails
        if mail.works is not False and mail.at > office.agenda.end - STILL_TRIED
    ]
    dead = office.random.sample(over, min(len(over), max(1, round(len(mails) * GIVEN_UP))))
    late = office.random.sample(fresh, min(LATE, len(fresh) // 2))
    changes = {mail.id: _sent(office, mail) for mail in mails}
    changes |= {mail.id: _dead(office, mail) for mail in dead}
    changes |= {mail.id: _late(office) for mail in late}
    if changes:
        db.session.execute(
            update(Message),
            [{"id": message_id, **values} for message_id, values in changes.items()],
        )


def _mails() -> list[_Mail]:
    live = select(Token.id).where(Token.live())
    columns: tuple[Any, ...] = (
        Message.id,
        Message.created_at,
        Message.token_id,
        Message.token_id.in_(live),
    )
    rows = db.session.execute(select(*columns).order_by(Message.id))
    return [
        _Mail(row_id, at, bool(works) if token_id else None) for row_id, at, token_id, works in rows
    ]


def _sent(office: Office, mail: _Mail) -> dict[str, Any]:
    """After a moment; only what a link still needs is kept."""
    moment = min(mail.at + office.minutes(0.01, 0.2), office.agenda.end)
    sent = {
        "state": "sent",
        "attempts": 1,
        "sent_at": moment,
        "updated_at": moment,
        "next_attempt_at": None,
    }
    return sent if mail.works else sent | {"sealed": None}


def _dead(office: Office, mail: _Mail) -> dict[str, Any]:
    """Given up after some days."""
    error = f"{office.random.choice(NO_MAILBOX)} Given up."
    given_up = min(mail.at + timedelta(days=2.5), office.agenda.end)
    tried = {"state": "dead", "attempts": TRIES, "last_error": error, "updated_at": given_up}
    return tried | {"next_attempt_at": None, "sealed": None}


def _late(office: Office) -> dict[str, Any]:
    """Refused for the time being, and to be tried again."""
    soon = clock.now() + timedelta(hours=1) + office.minutes(5, 120)
    tried = {"state": "failed", "attempts": office.random.randint(2, 6), "last_error": NO_ANSWER}
    return tried | {"next_attempt_at": soon, "updated_at": office.agenda.end}
