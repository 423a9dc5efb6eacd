"""The outbox is emptied: a message is claimed, sent outside any transaction, and marked; each commits by itself."""

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
from backoffice.extensions import begin, db
from backoffice.mail import outbox, rendering
from backoffice.mail.smtp import NotSent, Smtp
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings

HOLD = timedelta(seconds=limits.MAIL_HOLD)  # for one try
FIRST_PAUSE, LONGEST_PAUSE = (
    timedelta(minutes=1),
    timedelta(hours=4),
)  # doubled from try to try, and up to a quarter more
TRIES = limits.MAIL_TRIES
URGENT = (
    "email_code",
    "password_reset",
)  # somebody sits and waits for these: they overtake all others
URGENT_FOR = timedelta(minutes=15)
NEVER = timedelta(hours=6)  # nothing is put off for so long: the clock was set back
MARKING = (1, 5, 20)  # seconds between the tries to mark what was sent, while the database is away
NOT_SET_UP = "Mail is not set up: set SMTP_URL."
LINK_DEAD = "Its link does not work any more, so it was not sent."
TOO_LATE = "It was asked for too long ago, so it was not sent."
CODE_DEAD = "Its code does not work any more, so it was not sent."
log = structlog.get_logger()


class Transport(Protocol):
    """What mails leave by. `keeps`: what they said stays with us, for a page that shows it."""

    keeps: bool

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Hand over one mail. Raises NotSent."""


class Mailbox:
    """The demo's: mails go nowhere and are read on a page."""

    keeps = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Nothing to do: the page writes the mail anew from what the message keeps."""


@dataclass(frozen=True)
class Claim:
    """A message that is ours to send, as long as nobody changes it: then its version is another one."""

    id: int
    version: int
    tries: int


def deliver_due(settings: Settings, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is, or until `stopping`; how many mails went out.

    Any number of workers may do this at once: each message is sent by one of them. A worker that dies between the
    server's yes and our mark has the message sent a second time, after HOLD, recognisable by its Message-ID.
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
            except NotSent:  # no other mail would go out now either: the next minute tries again
                break
    return sent


def _transport(settings: Settings, stopping: Callable[[], bool]) -> Any:
    if settings.smtp_url:
        return Smtp(settings, stopping)
    return Mailbox() if settings.environment == "demo" else None


def _say_not_set_up() -> None:
    """Whoever looks at the messages sees why they wait; no try is counted."""
    begin(writing=True)
    waiting = (Message.state.in_(("queued", "failed")), Message.last_error != NOT_SET_UP)
    db.session.execute(update(Message).where(*waiting).values(last_error=NOT_SET_UP))
    db.session.commit()


def _claim() -> Claim | None:
    """Take the next message, so that nobody else sends it. This is committed before anything is sent."""
    begin(writing=True)
    now = clock.now()
    for due in _due(now):
        statement = select(Message).where(due).order_by(Message.next_attempt_at).limit(1)
        locked = statement.with_for_update(skip_locked=True).execution_options(
            populate_existing=True
        )
        if message := db.session.scalar(locked):
            message.state, message.held_until = "sending", now + HOLD
            message.attempts, message.version = message.attempts + 1, message.version + 1
            claim = Claim(message.id, message.version, message.attempts)
            db.session.commit()
            return claim
    db.session.rollback()
    return None


def _due(now: datetime) -> Iterator[ColumnElement[bool]]:
    """What is to be sent, most urgent first; one state at a time, because each can be read from the index."""
    state, at = Message.state, Message.next_attempt_at
    yield (state == "queued") & at.between(now - URGENT_FOR, now) & Message.purpose.in_(URGENT)
    held = Message.held_until
    yield (state == "sending") & or_(held.is_(None), held <= now, held > now + NEVER)
    for waiting in ("failed", "queued"):
        yield (state == waiting) & or_(at.is_(None), at <= now, at > now + NEVER)


def _deliver(claim: Claim, post: Transport, settings: Settings) -> bool:
    """Send one message and mark it. Raises NotSent where the server takes no mail at all."""
    try:
        mail = _written(claim, settings)
        if mail is None:
            return False
        post.send(mail, settings.sender.address, mail["To"].addresses[0].addr_spec)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  # a message that nobody foresaw must not hold up the others
        db.session.rollback()
        problem = error if isinstance(error, NotSent) else _unforeseen(claim, error)
        _mark(claim, **_after(claim, problem))
        if problem.for_all:
            raise problem from None
        return False
    gone: dict[str, Any] = {} if post.keeps else {"sealed": None}
    _mark(claim, state="sent", sent_at=clock.now(), next_attempt_at=None, last_error="", **gone)
    return True


def _unforeseen(claim: Claim, error: Exception) -> NotSent:
    log.error("message_not_made", message=claim.id, error=type(error).__name__)
    return NotSent("It could not be made; the worker's log says more.")


def _written(claim: Claim, settings: Settings) -> EmailMessage | None:
    """The mail, in a transaction of its own. None where nobody is to have it; raises NotSent."""
    begin(writing=True)
    ours = select(Message).where(Message.id == claim.id, Message.version == claim.version)
    message = db.session.scalar(ours.with_for_update().execution_options(populate_existing=True))
    if message is None:
        db.session.rollback()
        return None
    late = _is_late(message, settings)
    if late and message.user_id:
        raise NotSent(TOO_LATE, final=True)
    if late or not _is_wanted(message, settings):
        db.session.delete(message)
        db.session.commit()
        return None
    if reason := _outdated(message, settings):
        raise NotSent(reason, final=True)
    if claim.tries > TRIES:  # whoever tried never came to say how it went
        raise NotSent("Every worker that tried to send it came to an end.", final=True)
    try:
        mail = rendering.composed(message, settings)
    except rendering.Unwritable as problem:
        raise NotSent(str(problem), final=True) from None
    db.session.commit()
    return mail


def _is_late(message: Message, settings: Settings) -> bool:
    """Whether it waited longer than its link would have: whoever asked has long given up, and others may read it."""
    late = select(Message.id).where(Message.id == message.id, outbox.too_late(settings))
    return db.session.scalar(late) is not None


def _is_wanted(message: Message, settings: Settings) -> bool:
    """Completes the message where it was not yet. False where nobody is to have it: the person is gone or never was."""
    prepare = outbox.preparation(message)
    if prepare and not prepare(message, settings):
        return False
    db.session.flush()
    person = (
        db.session.get(User, message.user_id, populate_existing=True) if message.user_id else None
    )
    return person is None or person.status != "deleted"


def _outdated(message: Message, settings: Settings) -> str:
    """Why the mail would be of no use any more, if it would not."""
    if message.token_id:
        works = db.session.scalar(
            select(exists().where(Token.id == message.token_id, Token.live()))
        )
        return "" if works else LINK_DEAD
    if (
        message.purpose == "email_code"
        and message.created_at + settings.email_code_valid <= clock.now()
    ):
        return CODE_DEAD
    return ""


def _after(claim: Claim, problem: NotSent) -> dict[str, Any]:
    """What becomes of a message that did not go out."""
    if problem.final:
        gone: dict[str, Any] = {"sealed": None} if problem.reason in (LINK_DEAD, CODE_DEAD) else {}
        return {"state": "dead", "next_attempt_at": None, "last_error": problem.reason, **gone}
    if claim.tries >= TRIES:
        return {
            "state": "dead",
            "next_attempt_at": None,
            "last_error": f"{problem.reason} Given up.",
        }
    return {
        "state": "failed",
        "next_attempt_at": clock.now() + pause(claim.tries),
        "last_error": problem.reason,
    }


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries; never exactly as long, so that not all come back at once."""
    wait = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE) if tries < 20 else LONGEST_PAUSE
    return wait * secrets.SystemRandom().uniform(1, 1.25)


def _mark(claim: Claim, **values: Any) -> None:
    """Write down what happened, if the message is still ours; patiently, because it has happened."""
    ours = (Message.id == claim.id, Message.version == claim.version)
    values |= {"held_until": None, "version": claim.version + 1}
    for wait in (*MARKING, None):
        try:
            begin(writing=True)
            db.session.execute(update(Message).where(*ours).values(values))
            db.session.commit()
            return
        except OperationalError:
            db.session.rollback()
            if wait is None:
                raise
            time.sleep(wait)
