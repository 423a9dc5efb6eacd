"""The outbox: mails are written down with the change they tell of, and leave after the commit."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, false, func, insert, literal, or_, select

from backoffice import clock
from backoffice.extensions import after_commit, db, jobs
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings

DELIVERY = "deliver_messages"  # the job that empties the outbox
WITH_SECRET = (
    "invitation",
    "password_link",
    "password_reset",
    "email_code",
    "two_factor_enrolment",
    "email_change",
)
Prepare = Callable[[Message, Settings], bool]


@dataclass(frozen=True)
class Preparation:
    """What completes the messages of a purpose, and the setting that says how long such a message is worth sending."""

    prepare: Prepare
    worth: str | None

    def until(self, settings: Settings) -> timedelta | None:
        """After so long it is not completed any more: what it would open was asked for by somebody then."""
        span: timedelta | None = getattr(settings, self.worth) if self.worth else None
        return span


_preparations: dict[str, Preparation] = {}


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One mail to be. `values` are what only this mail knows, such as its link: kept encrypted, and not for long.

    `request` is what the worker finds out by whom and whether to write, kept in the same way until it has.
    """

    purpose: str
    address: str
    user_id: int | None = None
    token_id: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, str] = field(default_factory=dict)


def queue(letters: Iterable[OutgoingMail], settings: Settings) -> None:
    """Put letters into the outbox; they leave once the transaction is committed."""
    now = clock.now()
    rows = [
        {
            "purpose": letter.purpose,
            "address": letter.address,
            "user_id": letter.user_id,
            "token_id": letter.token_id,
            "sealed": _sealed(letter.values, letter, settings) if letter.values else None,
            "request": _sealed(letter.request, letter, settings) if letter.request else None,
            "next_attempt_at": now,
            "created_at": now,
            "updated_at": now,
        }
        for letter in letters
    ]
    if rows:
        db.session.execute(insert(Message), rows)
        wake()


def notify(people: Select[int], purpose: str) -> None:
    """The same notice to each of `people` whose address is confirmed, in one statement."""
    now = clock.now()
    names = (
        "purpose",
        "address",
        "user_id",
        "next_attempt_at",
        "created_at",
        "updated_at",
        "version",
    )
    moment = literal(now, Message.created_at.type)
    rows = select(literal(purpose), User.email, User.id, moment, moment, moment, literal(1)).where(
        *_reached(people)
    )
    db.session.execute(insert(Message).from_select(names, rows, include_defaults=False))
    wake()


def count_reached(people: Select[int]) -> Select[int]:
    """How many of `people` a notice reaches."""
    return select(func.count(User.id)).where(*_reached(people))


def _reached(people: Select[int]) -> tuple[ColumnElement[bool], ...]:
    return User.id.in_(people), User.email.is_not(None), User.email_verified_at.is_not(None)


def prepared(purpose: str, *, worth: str | None) -> Callable[[Prepare], Prepare]:
    """Decorate the function that completes a message of this purpose just before it is sent; False drops it.

    `worth` names the setting that says how long after it was asked for the message may still be completed; None lets
    it be late.

    So a page takes the same time whomever it writes to: who that is, and whether they may have the mail, is found
    out by the worker.
    """

    def keep(prepare: Prepare) -> Prepare:
        _preparations[purpose] = Preparation(prepare, worth)
        return prepare

    return keep


def preparation(message: Message) -> Prepare | None:
    """What has to be called before the message can be sent, if anything."""
    found = None if message.sealed else _preparations.get(message.purpose)
    return found.prepare if found else None


def too_late(settings: Settings) -> ColumnElement[bool]:
    """In SQL: it was asked for so long ago that completing it now would open what nobody asks for any more."""
    now = clock.now()
    limits = {
        purpose: preparation.until(settings) for purpose, preparation in _preparations.items()
    }
    old = (
        and_(Message.purpose == purpose, Message.created_at <= now - limit)
        for purpose, limit in limits.items()
        if limit is not None
    )
    return and_(Message.sealed.is_(None), or_(false(), *old))


def prepared_purposes() -> list[str]:
    """The purposes whose messages are completed when they are sent."""
    return sorted(_preparations)


def wake() -> None:
    """Have the outbox emptied once the transaction is committed."""
    after_commit(_deliver)


def seal_values(message: Message, values: Mapping[str, str], settings: Settings) -> None:
    """Give the message what it is to say; what it was made out of is needed no more."""
    about = bound_to(message.purpose, message.address)
    message.sealed = encryption.encrypt(json.dumps(dict(values)), about=about, settings=settings)
    message.request = None


def values_of(message: Message, settings: Settings) -> dict[str, str]:
    """What only this mail knows. Raises encryption.Unreadable where its key is gone."""
    return _unsealed(message.sealed, message, settings)


def request_of(message: Message, settings: Settings) -> dict[str, str]:
    """What the worker finds out by whom and whether to write; nothing where that is gone, or its key is."""
    try:
        return _unsealed(message.request, message, settings)
    except encryption.Unreadable:
        return {}


def _unsealed(sealed: str | None, message: Message, settings: Settings) -> dict[str, str]:
    about = bound_to(message.purpose, message.address)
    found: dict[str, str] = (
        json.loads(encryption.decrypt(sealed, about=about, settings=settings)) if sealed else {}
    )
    return found


def _sealed(values: Mapping[str, str], letter: OutgoingMail, settings: Settings) -> str:
    about = bound_to(letter.purpose, letter.address)
    return encryption.encrypt(json.dumps(dict(values)), about=about, settings=settings)


def bound_to(purpose: str, address: str) -> str:
    """What the sealed values of a message are bound to: in another message they cannot be read."""
    return f"message {purpose} to {address}"


def _deliver() -> None:
    jobs.soon(DELIVERY)


for _column in (Message.sealed, Message.request):
    rotation.include(_column, lambda row: bound_to(row.purpose, row.address))
