"""Deliver the messages in the outbox.

Each message is claimed, sent outside any transaction, and marked. Claiming and marking are
transactions of their own.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Protocol, Self

import structlog
from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.exc import OperationalError

from backoffice import clock, limits
from backoffice.extensions import db
from backoffice.mail import outbox, rendering
from backoffice.mail.smtp import NotSent, Smtp
from backoffice.models import mails
from backoffice.models.client_token import ClientToken
from backoffice.models.mails import Secret
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import N_
from backoffice.transactions import begin

HOLD = timedelta(seconds=limits.MAIL_HOLD)  # how long a worker may hold a message for one try
# The pause is doubled from try to try, and up to a quarter is added.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
TRIES = limits.MAIL_TRIES
# Somebody is waiting for these, so they overtake all others.
URGENT = tuple(each.name for each in mails.every() if each.urgent)
URGENT_FOR = timedelta(minutes=15)
# No message is postponed for so long. If one seems to be, the clock was set back.
NEVER = timedelta(hours=6)
MARKING = (1, 5, 20)  # seconds between the tries to mark a message while the database is away
# Why mails are not sent: stored like this, and shown by `reasons.shown`.
NOT_SET_UP = N_("Mail is not set up: set SMTP_URL.")
LINK_DEAD = N_("Its link does not work any more, so it was not sent.")
TOO_LATE = N_("It was asked for too long ago, so it was not sent.")
CODE_DEAD = N_("Its code does not work any more, so it was not sent.")
GIVEN_UP = N_("Given up.")
log = structlog.get_logger()


class Transport(Protocol):
    """A way to send mails.

    `keeps` says whether their content is kept afterwards, for a page that shows it.
    """

    keeps: bool

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Hand over one mail. Raises NotSent."""


class Mailbox:
    """The transport of the demo: mails are not sent, and people read them on a page."""

    keeps = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Do nothing, because the page renders the mail again from what the message keeps."""


@dataclass(frozen=True)
class Claim:
    """A message that this worker may send.

    The claim ends when somebody else changes the message, which gives it another `version`.
    """

    id: int
    version: int
    tries: int


def deliver_due(settings: Settings, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send messages until none is due, or until `stopping`; return how many were sent.

    Any number of workers may do this at once; each message is sent by one of them. If a worker dies
    after the server accepted a message and before it is marked, the message is sent a second time
    after HOLD. The recipient's mail program can recognise it by its Message-ID.
    """
    transport = _transport(settings, stopping)
    if transport is None:
        _say_not_set_up()
        return 0
    sent = 0
    with transport as post:
        while not stopping() and (claim := _claim()):
            try:
                sent += _deliver(claim, post, settings)
            except NotSent:
                # The server would not take any other mail now. The next run tries again.
                break
    return sent


def _transport(settings: Settings, stopping: Callable[[], bool]) -> Smtp | Mailbox | None:
    """Return the transport that is configured, or None."""
    if settings.smtp_url:
        return Smtp(settings, stopping)
    if settings.environment == "demo":
        return Mailbox()
    return None


def _say_not_set_up() -> None:
    """Note in the waiting messages why they wait, without counting a try."""
    begin(writing=True)
    waiting = (Message.state.in_(("queued", "failed")), Message.last_error != NOT_SET_UP)
    db.session.execute(update(Message).where(*waiting).values(last_error=NOT_SET_UP))
    db.session.commit()


def _claim() -> Claim | None:
    """Claim the next message that is due, and commit the claim before the message is sent."""
    begin(writing=True)
    now = clock.now()
    for due in _due(now):
        statement = (
            select(Message)
            .where(due)
            .order_by(Message.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if message := db.session.scalar(statement):
            message.state = "sending"
            message.held_until = now + HOLD
            message.attempts += 1
            message.version += 1
            claim = Claim(message.id, message.version, message.attempts)
            db.session.commit()
            return claim
    db.session.rollback()
    return None


def _due(now: datetime) -> Iterator[ColumnElement[bool]]:
    """Yield conditions for the messages that are due, the most urgent first.

    Each condition is about one state, because the index can then serve it.
    """
    state = Message.state
    at = Message.next_attempt_at
    yield (state == "queued") & at.between(now - URGENT_FOR, now) & Message.purpose.in_(URGENT)
    held = Message.held_until
    yield (state == "sending") & or_(held.is_(None), held <= now, held > now + NEVER)
    for waiting in ("failed", "queued"):
        yield (state == waiting) & or_(at.is_(None), at <= now, at > now + NEVER)


def _deliver(claim: Claim, post: Transport, settings: Settings) -> bool:
    """Send one message and mark it; return whether it was sent.

    Raises NotSent if the server accepts no mail at all at present.
    """
    try:
        mail = _written(claim, settings)
        if mail is None:
            return False
        recipient = mail["To"].addresses[0].addr_spec
        post.send(mail, settings.sender.address, recipient)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  # a message that nobody foresaw must not hold up the others
        db.session.rollback()
        problem = error if isinstance(error, NotSent) else _unforeseen(claim, error)
        _mark(claim, **_after(claim, problem))
        if problem.for_all:
            raise problem from None
        return False
    erased: dict[str, Any] = {} if post.keeps else {"sealed": None}
    _mark(claim, state="sent", sent_at=clock.now(), next_attempt_at=None, last_error="", **erased)
    return True


def _unforeseen(claim: Claim, error: Exception) -> NotSent:
    """Log an unexpected error, and return the problem to note in the message."""
    log.error("message_not_made", message=claim.id, error=type(error).__name__)
    return NotSent(N_("It could not be made; the worker's log says more."))


def _written(claim: Claim, settings: Settings) -> EmailMessage | None:
    """Render the mail in a transaction of its own; return None if nobody is to have it.

    Raises NotSent if it cannot or must not be sent any more.
    """
    begin(writing=True)
    message = _locked(claim)
    if message is None:
        db.session.rollback()
        return None
    is_late = _is_late(message, settings)
    if is_late and message.user_id:
        raise NotSent(TOO_LATE, final=True)
    if is_late or not _is_wanted(message, settings):
        db.session.delete(message)
        db.session.commit()
        return None
    if reason := _outdated(message, settings):
        raise NotSent(reason, final=True)
    if claim.tries > TRIES:  # each worker that tried died before it could note the result
        raise NotSent(N_("Every worker that tried to send it came to an end."), final=True)
    try:
        mail = rendering.composed(message, settings)
    except rendering.Unwritable as problem:
        raise NotSent(str(problem), final=True) from None
    db.session.commit()
    return mail


def _locked(claim: Claim) -> Message | None:
    """Lock the message, unless the claim to it has ended."""
    claimed = select(Message).where(Message.id == claim.id, Message.version == claim.version)
    statement = claimed.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(statement)


def _is_late(message: Message, settings: Settings) -> bool:
    """Whether the message waited longer than the lifetime of its purpose.

    The person who requested it has given up long ago, and somebody else may read it now.
    """
    late = select(Message.id).where(Message.id == message.id, outbox.too_late(settings))
    return db.session.scalar(late) is not None


def _is_wanted(message: Message, settings: Settings) -> bool:
    """Complete the message if it is not complete yet; return whether somebody is to have it.

    Nobody is to have it if the person was deleted or never existed.
    """
    prepare = outbox.preparation(message)
    if prepare and not prepare(message, settings):
        return False
    db.session.flush()
    if not message.user_id:
        return True
    person = db.session.get(User, message.user_id, populate_existing=True)
    return person is None or person.status != "deleted"


def _outdated(message: Message, settings: Settings) -> str:
    """Return why the link or code of the mail does not work any more; '' if it works."""
    if message.token_id:
        is_live = exists().where(Token.id == message.token_id, Token.live())
        return "" if db.session.scalar(select(is_live)) else LINK_DEAD
    if message.client_token_id:
        is_live = exists().where(ClientToken.id == message.client_token_id, ClientToken.live())
        return "" if db.session.scalar(select(is_live)) else LINK_DEAD
    purpose = mails.named(message.purpose)
    if purpose.secret is Secret.CODE and purpose.is_over(message.created_at, settings):
        return CODE_DEAD
    return ""


def _after(claim: Claim, problem: NotSent) -> dict[str, object]:
    """Return the new values of a message that was not sent."""
    if problem.final:
        values: dict[str, object] = {
            "state": "dead",
            "next_attempt_at": None,
            "last_error": problem.reason,
        }
        if problem.reason in (LINK_DEAD, CODE_DEAD):
            values["sealed"] = None
        return values
    if claim.tries >= TRIES:
        return {
            "state": "dead",
            "next_attempt_at": None,
            "last_error": f"{problem.reason} {GIVEN_UP}",
        }
    return {
        "state": "failed",
        "next_attempt_at": clock.now() + pause(claim.tries),
        "last_error": problem.reason,
    }


def pause(tries: int) -> timedelta:
    """Return how long to wait after this number of tries.

    A random part is added, because otherwise all messages would be tried again at the same time.
    """
    wait = LONGEST_PAUSE
    if tries < 20:  # a larger power could overflow the time span
        wait = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    return wait * secrets.SystemRandom().uniform(1, 1.25)


def _mark(claim: Claim, **values: object) -> None:
    """Store the result of a try, unless the claim to the message has ended.

    This is tried several times if the database is away, because the mail cannot be taken back.
    """
    claimed = (Message.id == claim.id, Message.version == claim.version)
    values |= {"held_until": None, "version": claim.version + 1}
    for wait in (*MARKING, None):
        try:
            begin(writing=True)
            db.session.execute(update(Message).where(*claimed).values(values))
            db.session.commit()
            return
        except OperationalError:
            db.session.rollback()
            if wait is None:
                raise
            time.sleep(wait)
