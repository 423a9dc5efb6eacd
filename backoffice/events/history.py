"""Read the events about one row."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.models.event import Event
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named, scope

ENTRIES_SHOWN = 50


def latest_events(actor: Actor, area: str, row_id: RowKey) -> Sequence[Event]:
    """Return the latest events about a row that the actor may see."""
    statement = (
        select(Event).where(scope(actor, Event), *_about(area, row_id)).order_by(Event.id.desc())
    )
    return db.session.scalars(statement.limit(ENTRIES_SHOWN)).all()


def _about(area: str, row_id: RowKey) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions for the events about a row."""
    key = row_keys.stored(row_id)
    is_row = Event.subject_id == row_id if key is None else Event.subject_key == key
    return Event.subject_type == area, is_row


def last_author(actor: Actor, row: Record) -> str:
    """Return the name of the last person who changed the row, as the actor may read it."""
    about_row = (*_about(area_of(type(row)), row.id), Event.result == "done")
    authors = select(named(actor, User)).join(Event, Event.actor_id == User.id).where(*about_row)
    latest = authors.order_by(Event.id.desc()).limit(1)
    return db.session.scalar(latest) or str(_("Somebody"))
