"""Deliver the year's mails: most are sent at once, a few never, and a few are still being tried."""

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

GIVEN_UP = 0.005  # share of all mails
STILL_TRIED = timedelta(hours=30)  # mails that are not older may still be tried
LATE = 4  # how many of these are, at most; never more than every second
NO_MAILBOX = (
    "550 5.1.1 The mailbox does not exist.",
    "550 5.7.1 Refused by the recipient's mail server.",
    "552 5.2.2 The mailbox is full.",
)
NO_ANSWER = "451 4.7.1 Greylisted, try again later."


@dataclass(frozen=True)
class _Mail:
    """A message as it was written.

    `works` says whether its link still works; it is None for a message without a link.
    """

    id: int
    at: datetime
    works: bool | None


def deliver(office: Office) -> None:
    """Mark every message of the year as sent or failed, as if a mail server had answered."""
    mails = _mails()
    dead = _chosen_dead(office, mails)
    late = _chosen_late(office, mails)
    changes = {mail.id: _sent(office, mail) for mail in mails}
    changes |= {mail.id: _dead(office, mail) for mail in dead}
    changes |= {mail.id: _late(office) for mail in late}
    if changes:
        rows = [{"id": message_id, **values} for message_id, values in changes.items()]
        db.session.execute(update(Message), rows)


def _mails() -> list[_Mail]:
    live = select(Token.id).where(Token.live())
    columns: tuple[Any, ...] = (
        Message.id,
        Message.created_at,
        Message.token_id,
        Message.token_id.in_(live),
    )
    mails = []
    for row_id, at, token_id, works in db.session.execute(select(*columns).order_by(Message.id)):
        mails.append(_Mail(row_id, at, bool(works) if token_id else None))
    return mails


def _chosen_dead(office: Office, mails: list[_Mail]) -> list[_Mail]:
    """Choose mails that nobody needs any more."""
    possible = [mail for mail in mails if not mail.works]
    number = max(1, round(len(mails) * GIVEN_UP))
    return office.random.sample(possible, min(number, len(possible)))


def _chosen_late(office: Office, mails: list[_Mail]) -> list[_Mail]:
    """Choose recent mails whose link, if any, still works."""
    since = office.agenda.end - STILL_TRIED
    possible = [mail for mail in mails if mail.works is not False and mail.at > since]
    return office.random.sample(possible, min(LATE, len(possible) // 2))


def _sent(office: Office, mail: _Mail) -> dict[str, object]:
    """Return the values of a mail that was sent after a moment.

    Its content is kept only while its link works.
    """
    moment = min(mail.at + office.minutes(0.01, 0.2), office.agenda.end)
    values: dict[str, object] = {
        "state": "sent",
        "attempts": 1,
        "sent_at": moment,
        "updated_at": moment,
        "next_attempt_at": None,
    }
    if not mail.works:
        values["sealed"] = None
    return values


def _dead(office: Office, mail: _Mail) -> dict[str, object]:
    """Return the values of a mail that was given up after some days."""
    error = office.random.choice(NO_MAILBOX)
    return {
        "state": "dead",
        "attempts": TRIES,
        "last_error": f"{error} Given up.",
        "updated_at": min(mail.at + timedelta(days=2.5), office.agenda.end),
        "next_attempt_at": None,
        "sealed": None,
    }


def _late(office: Office) -> dict[str, object]:
    """Return the values of a mail that was refused for now and will be tried again."""
    next_attempt_at = clock.now() + timedelta(hours=1) + office.minutes(5, 120)
    return {
        "state": "failed",
        "attempts": office.random.randint(2, 6),
        "last_error": NO_ANSWER,
        "next_attempt_at": next_attempt_at,
        "updated_at": office.agenda.end,
    }
