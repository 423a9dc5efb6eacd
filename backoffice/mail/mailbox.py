"""Show the demo's mailbox: mails that were not really sent, as their recipients would see them."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.mail import rendering
from backoffice.mail.rendering import Mail
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.settings import Settings

LATEST = 50
# Messages of these purposes have nothing sealed, and can be shown all the same.
WITHOUT_VALUES = tuple(each.name for each in mails.every() if not each.has_values)


@dataclass(frozen=True)
class Arrived:
    """A mail in the mailbox, with the id, the recipient and the time of its message."""

    id: int
    to: str
    at: datetime | None
    mail: Mail


def latest(settings: Settings) -> list[Arrived]:
    """Return the newest mails whose content is still kept."""
    kept = or_(Message.sealed.is_not(None), Message.purpose.in_(WITHOUT_VALUES))
    statement = (
        select(Message)
        .where(Message.state == "sent", kept)
        .order_by(Message.sent_at.desc(), Message.id.desc())
    )
    statement = statement.limit(LATEST).options(selectinload(Message.user))
    opened = [_opened(message, settings) for message in db.session.scalars(statement)]
    return [mail for mail in opened if mail]


def waiting() -> int:
    """Count the mails that are not delivered yet."""
    statement = select(func.count(Message.id)).where(Message.state == "queued")
    return db.session.scalar(statement) or 0


def get(message_id: int, settings: Settings) -> Arrived:
    """Return one mail. Raises NotFound."""
    message = db.session.get(Message, message_id)
    arrived = None
    if message and message.state == "sent":
        arrived = _opened(message, settings)
    if arrived is None:
        raise NotFound(_("This mail is not here, or what it said is not kept any more."))
    return arrived


def _opened(message: Message, settings: Settings) -> Arrived | None:
    """Render the message, or return None if its content is not kept any more."""
    try:
        mail = rendering.rendered(message, settings)
    except rendering.Unwritable:
        return None
    return Arrived(message.id, message.address, message.sent_at, mail)
