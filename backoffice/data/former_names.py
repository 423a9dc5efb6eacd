"""What rows that are gone were called, as the events of their addition and deletion note it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select

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
    if actor is None:
        return {}
    names: dict[Subject, Former] = {}
    for model in records():
        if not personal.belongs(model):
            of_area = (row_id for area, row_id in about if area == area_of(model))
            ids = [row_id for row_id in of_area if isinstance(row_id, int)]
            names |= _of_area(actor, model, ids) if ids else {}
    return names


def _of_area(actor: Actor, model: type[Record], ids: Sequence[int]) -> dict[Subject, Former]:
    area = area_of(model)
    rows = db.session.execute(_noting(area, ids)).all()
    told = {
        row.subject_id: (row.after or row.before or {}).get(model.__label__)
        for row in disclosure.redacted(actor, Event, rows)
    }
    return {(area, row_id): Former(name) for row_id, name in told.items() if name}


def _noting(area: str, ids: Sequence[int]) -> Select[Any]:
    """Select the events that have the names of these rows."""
    columns = (Event.id, Event.subject_type, Event.subject_id, Event.before, Event.after)
    is_noting = Event.action.in_([f"{area}.{verb}" for verb in NOTING])
    return select(*columns).where(Event.subject_type == area, Event.subject_id.in_(ids), is_noting)
