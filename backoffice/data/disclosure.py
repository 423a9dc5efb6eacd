"""What events and bulk runs tell an actor of the rows they are about: no more than the screen of these rows does."""

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from backoffice.extensions import db
from backoffice.models import fields, personal
from backoffice.models.base import Record, records
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, may_read, restriction, sees

GUARDED = (Event, BulkRun)  # they are about rows of other entities
CHOSEN = "parameters"  # numbers of any rows


@cache
def telling(model: type[Record]) -> frozenset[str]:
    """What says something about the rows that an event or a run is about: whatever may be personal, and the chosen.

    Everything else says who did what, when and how often.
    """
    if model not in GUARDED:
        return frozenset()
    return frozenset((*personal.columns(model), CHOSEN)) & frozenset(fields.visible(model))


def is_guarded(actor: Actor, model: type[Record], name: str) -> bool:
    """Whether some rows of `model` do not tell the actor what `name` says, so that no order may tell it either."""
    return name in telling(model) and readable(actor, model) is not None


def readable(actor: Actor, model: type[Record]) -> ColumnElement[bool] | None:
    """In SQL: the events or runs that tell the actor all they say; None where every one does."""
    if model is Event:
        return _readable_events(actor)
    return _readable_runs(actor) if model is BulkRun else None


def told(
    actor: Actor, model: type[Record], rows: Sequence[Any], names: Iterable[str] = ()
) -> list[Any]:
    """The rows as far as the actor may know what they say: as tuples with the same names, in the same order.

    `names` are the attributes to take of rows that are no tuples.
    """
    if model not in GUARDED or not rows:
        return list(rows)
    columns = tuple(getattr(rows[0], "_fields", None) or names)
    make = namedtuple("Told", columns)  # type: ignore[misc]  # the names are known at run time alone
    open_ids = _open_ids(actor, model, [row.id for row in rows])
    return [
        make(*(_said(actor, model, row, name, is_open=row.id in open_ids) for name in columns))
        for row in rows
    ]


def _said(actor: Actor, model: type[Record], row: Any, name: str, *, is_open: bool) -> Any:
    value = getattr(row, name)
    if name not in telling(model) or value is None:
        return value
    if not is_open or (
        name == CHOSEN and not all(sees(actor, other) for other in _models().values())
    ):
        return type(value)()
    return without_unseen(actor, row.subject_type, value) if name in ("before", "after") else value


def without_unseen(actor: Actor, area: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an event has of a row, without those that tell of other rows which the actor does not see."""
    model = _models().get(area)
    return {
        name: value
        for name, value in values.items()
        if model is None or may_read(actor, model, name)
    }


def _open_ids(actor: Actor, model: type[Record], ids: list[int]) -> set[int]:
    condition = readable(actor, model)
    if condition is None:
        return set(ids)
    key: Any = model.id
    return set(db.session.scalars(select(key).where(key.in_(ids), condition)))


def _readable_events(actor: Actor) -> ColumnElement[bool] | None:
    """By what they are about: of other areas all, of one that is not seen none, and else of the rows in scope."""
    conditions = {area: _restriction(actor, model) for area, model in _models().items()}
    narrow = {area: condition for area, condition in conditions.items() if condition is not None}
    if not narrow:
        return None
    parts: list[ColumnElement[bool]] = [
        Event.subject_type.not_in(list(narrow)),
        Event.subject_id.is_(None),
    ]
    for area, condition in narrow.items():
        model = _models()[area]
        if sees(actor, model):
            seen = select(model.id).where(condition).correlate(None)
            parts.append(and_(Event.subject_type == area, Event.subject_id.in_(seen)))
    return or_(*parts)


def _restriction(actor: Actor, model: type[Record]) -> ColumnElement[bool] | None:
    """Previews that were never run are in nobody's scope, and in no event either."""
    return None if model is BulkRun and can(actor, "bulk_runs.view") else restriction(actor, model)


def _readable_runs(actor: Actor) -> ColumnElement[bool] | None:
    """Those on rows of a kind that the actor sees, and their own, whose words are theirs."""
    unseen = [area for area, model in _models().items() if not sees(actor, model)]
    if not unseen:
        return None
    about = or_(*(BulkRun.action.startswith(f"{area}.", autoescape=True) for area in unseen))
    return or_(~about, BulkRun.actor_id == actor.user_id)


def _models() -> dict[str, type[Record]]:
    return {area_of(model): model for model in records()}
