"""The demo's mailbox: mails that went nowhere, as their recipients would read them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.mail import rendering
from backoffice.mail.rendering import Mail
from backoffice.models.message import Message
from backoffice.settings import Settings

LATEST = 50
SAY_ALL = (
    "blocked",
    "unblocked",
    "access_revoked",
)  # nothing in these is only theirs, so nothing of them is sealed


@dataclass(frozen=True)
class Arrived:
    """A mail in the mailbox."""

    id: int
    to: str
    at: datetime | None
    mail: Mail


def latest(settings: Settings) -> list[Arrived]:
    """The newest mails whose content is still kept."""
    kept = or_(Message.sealed.is_not(None), Message.purpose.in_(SAY_ALL))
    statement = (
        select(Message)
        .where(Message.state == "sent", kept)
        .order_by(Message.sent_at.desc(), Message.id.desc())
    )
    found = db.session.scalars(statement.limit(LATEST).options(selectinload(Message.user)))
    return [arrived for message in found if (arrived := _opened(message, settings))]


def waiting() -> int:
    """How many mails nobody has delivered yet."""
    return db.session.scalar(select(func.count(Message.id)).where(Message.state == "queued")) or 0


def find(message_id: int, settings: Settings) -> Arrived:
    """One mail. Raises NotFound."""
    message = db.session.get(Message, message_id)
    arrived = _opened(message, settings) if message and message.state == "sent" else None
    if arrived is None:
        raise NotFound("This mail is not here, or what it said is not kept any more.")
    return arrived


def _opened(message: Message, settings: Settings) -> Arrived | None:
    try:
        return Arrived(
            message.id, message.address, message.sent_at, rendering.rendered(message, settings)
        )
    except rendering.Unwritable:
        return None
