"""What the home page tells: numbers and the latest happenings, within the actor's scope."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from backoffice.extensions import db
from backoffice.models.base import Record, records
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.user import STATUSES, User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named, scope


def people_by_status(actor: Actor) -> list[tuple[str, int]]:
    """How many people the actor sees in each status, in the order of a person's life."""
    statement = select(User.status, func.count()).where(scope(actor, User)).group_by(User.status)
    found = dict(db.session.execute(statement).all())
    return [(status, found.get(status, 0)) for status in STATUSES[:-1]]


def latest_events(actor: Actor, *, number: int = 8) -> Sequence[Event]:
    """The latest events the actor may see, the newest first."""
    return db.session.scalars(select(Event).where(scope(actor, Event)).order_by(Event.id.desc()).limit(number)).all()


def latest_runs(actor: Actor, *, number: int = 5) -> Sequence[BulkRun]:
    """The latest bulk runs the actor may see, the newest first."""
    statement = select(BulkRun).where(scope(actor, BulkRun)).order_by(BulkRun.id.desc())
    return db.session.scalars(statement.limit(number)).all()


def pictures(actor: Actor | None, ids: Iterable[int | None]) -> dict[int, str]:
    """The keys of the avatars of those of these people who have one, as far as the actor sees them."""
    asked = (User.id.in_({row_id for row_id in ids if row_id}), User.avatar.is_not(None), scope(actor, User))
    return dict(db.session.execute(select(User.id, User.avatar).where(*asked)).all())


def names(actor: Actor | None, subjects: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int | None], str]:
    """What the actor may call the rows that events are about, by (area, id); one statement per area."""
    by_area: dict[str, set[int]] = {}
    for area, row_id in subjects:
        if row_id is not None:
            by_area.setdefault(area, set()).add(row_id)
    models: dict[str, type[Record]] = {area_of(model): model for model in records()}
    found: dict[tuple[str, int | None], str] = {}
    for area, ids in by_area.items():
        if model := models.get(area):
            rows = db.session.execute(select(model.id, named(actor, model)).where(model.id.in_(ids)))
            found |= {(area, row_id): label for row_id, label in rows}
    return found
