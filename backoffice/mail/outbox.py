"""Queue mails in the transaction of the change they report; they are sent after its commit."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, func, insert, literal, or_, select

from backoffice import clock
from backoffice.extensions import db, jobs
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings
from backoffice.transactions import after_commit

DELIVERY = "deliver_messages"  # the job that empties the outbox
Prepare = Callable[[Message, Settings], bool]

_preparations: dict[str, Prepare] = {}  # by purpose


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One mail to be sent. Raises LookupError if there is no such purpose.

    `purpose` is a name from models/mails.py. `values` are those of this mail alone, such as its
    link; they are kept encrypted, and not for long. `request` holds what the worker needs to find
    out whom to write to, and whether; it is kept in the same way until the worker has done this.
    """

    purpose: str
    address: str
    user_id: int | None = None
    token_id: int | None = None
    client_id: int | None = None
    client_token_id: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mails.named(self.purpose)


def queue(letters: Iterable[OutgoingMail], settings: Settings) -> None:
    """Put mails into the outbox; they are sent once the transaction is committed."""
    now = clock.now()
    rows = [_row(letter, now, settings) for letter in letters]
    if rows:
        db.session.execute(insert(Message), rows)
        wake()


def _row(letter: OutgoingMail, now: datetime, settings: Settings) -> dict[str, object]:
    return {
        "purpose": letter.purpose,
        "address": letter.address,
        "user_id": letter.user_id,
        "token_id": letter.token_id,
        "client_id": letter.client_id,
        "client_token_id": letter.client_token_id,
        "sealed": _sealed(letter.values, letter, settings),
        "request": _sealed(letter.request, letter, settings),
        "next_attempt_at": now,
        "created_at": now,
        "updated_at": now,
    }


def notify(people: Select[int], purpose: str) -> None:
    """Queue the same notice to each of `people` whose address is confirmed, in one statement.

    Raises LookupError if there is no such purpose.
    """
    mails.named(purpose)
    now = clock.now()
    moment = literal(now, Message.created_at.type)
    values = {
        "purpose": literal(purpose),
        "address": User.email,
        "user_id": User.id,
        "next_attempt_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "version": literal(1),
    }
    rows = select(*values.values()).where(*_reached(people))
    db.session.execute(insert(Message).from_select(list(values), rows, include_defaults=False))
    wake()


def count_reached(people: Select[int]) -> Select[int]:
    """Select the number of `people` whom a notice reaches."""
    return select(func.count(User.id)).where(*_reached(people))


def _reached(people: Select[int]) -> tuple[ColumnElement[bool], ...]:
    return User.id.in_(people), User.email.is_not(None), User.email_verified_at.is_not(None)


def prepared(purpose: str) -> Callable[[Prepare], Prepare]:
    """Decorate the function that completes messages of this purpose just before they are sent.

    A message is dropped if the function returns False, and if the lifetime of its purpose is over.

    The worker finds out who gets the mail, and whether they may have it. The page that queued the
    message therefore takes the same time for every address, and does not reveal which ones exist.

    Raises LookupError if there is no such purpose.
    """
    mails.named(purpose)

    def register(prepare: Prepare) -> Prepare:
        _preparations[purpose] = prepare
        return prepare

    return register


def preparation(message: Message) -> Prepare | None:
    """Return the function that has to complete the message before it is sent, if there is one."""
    if message.sealed:
        return None
    return _preparations.get(message.purpose)


def too_late(settings: Settings) -> ColumnElement[bool]:
    """Return the SQL condition for messages that were requested too long ago to be completed.

    A later one would open what was requested long ago, perhaps by somebody else.
    """
    now = clock.now()
    expired: list[ColumnElement[bool]] = []
    for name in _preparations:
        lifetime = mails.named(name).lifetime
        if lifetime:
            latest = now - lifetime(settings)
            expired.append(and_(Message.purpose == name, Message.created_at <= latest))
    return and_(Message.sealed.is_(None), or_(false(), *expired))


def prepared_purposes() -> list[str]:
    """Return the purposes whose messages are completed just before they are sent."""
    return sorted(_preparations)


def wake() -> None:
    """Start the delivery job once the transaction is committed."""
    after_commit(_deliver)


def seal_values(message: Message, values: Mapping[str, str], settings: Settings) -> None:
    """Store the values of the message encrypted, and empty its request, which has been answered."""
    about = bound_to(message.purpose, message.address)
    message.sealed = encryption.encrypt(json.dumps(dict(values)), about=about, settings=settings)
    message.request = None


def values_of(message: Message, settings: Settings) -> dict[str, str]:
    """Return the message's own values. Raises encryption.Unreadable if their key is gone."""
    return _unsealed(message.sealed, message, settings)


def request_of(message: Message, settings: Settings) -> dict[str, str]:
    """Return the message's request; empty if the request or its key is gone."""
    try:
        return _unsealed(message.request, message, settings)
    except encryption.Unreadable:
        return {}


def _unsealed(sealed: str | None, message: Message, settings: Settings) -> dict[str, str]:
    if not sealed:
        return {}
    about = bound_to(message.purpose, message.address)
    text = encryption.decrypt(sealed, about=about, settings=settings)
    values: dict[str, str] = json.loads(text)
    return values


def _sealed(values: Mapping[str, str], letter: OutgoingMail, settings: Settings) -> str | None:
    if not values:
        return None
    about = bound_to(letter.purpose, letter.address)
    return encryption.encrypt(json.dumps(dict(values)), about=about, settings=settings)


def bound_to(purpose: str, address: str) -> str:
    """Return what the sealed values of a message are bound to.

    They cannot be read in a message with another purpose or address.
    """
    return f"message {purpose} to {address}"


def _deliver() -> None:
    jobs.enqueue(DELIVERY)


for _column in (Message.sealed, Message.request):
    rotation.include(_column, lambda row: bound_to(row.purpose, row.address))
