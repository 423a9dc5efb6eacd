"""What rows that are gone were called, as the events of their addition and deletion note it."""

from collections.abc import Collection

from sqlalchemy import or_, select

from backoffice.data import disclosure
from backoffice.events.subjects import Subject
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.models.base import Record, records
from backoffice.models.event import Event
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of

NOTING = ("create", "delete")  # what events of a row have its name


class Former(str):
    """The name of a row that is gone, and so has no page."""

    __slots__ = ()


def of(actor: Actor | None, about: Collection[Subject]) -> dict[Subject, Former]:
    """Return what these rows were called, by (area, id), as far as the actor may read it.

    People are not among them: what events say of those is erased with them.
    """
    models = {area_of(model): model for model in records() if not personal.belongs(model)}
    wanted = [each for each in about if each[0] in models and isinstance(each[1], int)]
    if actor is None or not wanted:
        return {}
    noting = [f"{area}.{verb}" for area in {area for area, _id in wanted} for verb in NOTING]
    areas = {area: [row_id for of_area, row_id in wanted if of_area == area] for area, _ in wanted}
    is_about = or_(
        *((Event.subject_type == area) & Event.subject_id.in_(ids) for area, ids in areas.items())
    )
    columns = (Event.id, Event.subject_type, Event.subject_id, Event.before, Event.after)
    rows = db.session.execute(select(*columns).where(is_about, Event.action.in_(noting))).all()
    names = {}
    for row in disclosure.redacted(actor, Event, rows):
        if name := _name(models[row.subject_type], row.after or row.before):
            names[row.subject_type, row.subject_id] = Former(name)
    return names


def _name(model: type[Record], values: dict[str, object] | None) -> object:
    return (values or {}).get(model.__label__)
