"""Limit what events and bulk runs reveal about other rows to what an actor sees of those rows."""

from collections import namedtuple
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, not_, or_, select, true

from backoffice.events import mentions
from backoffice.events.subjects import Subject
from backoffice.extensions import db
from backoffice.models import fields, personal, row_keys
from backoffice.models.base import Entity, Record, records
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of
from backoffice.models.event import Event
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, may_read, restriction, sees

GUARDED = (Event, BulkRun)  # their rows are about rows of other entities
NOTED = {"before", "after"}  # of an event
CHOSEN = ("parameters", "selection")  # may contain the ids of any rows


@cache
def telling(model: type[Record]) -> frozenset[str]:
    """Return the columns that reveal something about the subject of an event or a bulk run.

    These are the columns that may be personal, and the chosen parameters. All other columns say
    only who did what, when and how often.
    """
    if model not in GUARDED:
        return frozenset()
    revealing = frozenset((*personal.columns(model), *CHOSEN))
    return revealing & frozenset(fields.visible(model))


def is_guarded(actor: Actor, model: type[Record], name: str) -> bool:
    """Return whether the actor may not read the column `name` in some rows of `model`.

    A list must not be sorted by such a column, because the order would reveal its values.
    """
    return name in telling(model) and readable(actor, model) is not None


def readable(actor: Actor, model: type[Record]) -> ColumnElement[bool] | None:
    """Return the SQL condition for the events or runs that the actor may read in full.

    None means that there is no restriction.
    """
    if model is Event:
        return _readable_events(actor)
    if model is BulkRun:
        return _readable_runs(actor)
    return None


def readable_events(actor: Actor, ids: Collection[int]) -> set[int]:
    """Return the ids of those of these events that the actor may read in full."""
    return _readable_ids(actor, Event, list(ids))


def reads_run(actor: Actor, run: BulkRun) -> bool:
    """Return whether the actor may read in full what was done, why, and with which choice."""
    return run.actor_id == actor.user_id or run.id in _readable_ids(actor, BulkRun, [run.id])


def told_items(actor: Actor, run: BulkRun, model: type[Record]) -> ColumnElement[bool]:
    """SQL: which items of a run, which is on rows of `model`, are about rows that the actor sees.

    Of an own run, all are.
    """
    condition = None if run.actor_id == actor.user_id else restriction(actor, model)
    return true() if condition is None else _has_row(model, condition)


def redacted(
    actor: Actor, model: type[Record], rows: Sequence[Any], names: Iterable[str] = ()
) -> list[Any]:
    """Return the rows with everything emptied that the actor may not read.

    Rows of events and bulk runs become tuples with the same names, in the same order. `names` are
    the attributes to take from rows that are not tuples.
    """
    if model not in GUARDED or not rows:
        return list(rows)
    columns = tuple(getattr(rows[0], "_fields", None) or names)
    make = namedtuple("Told", columns)  # type: ignore[misc]  # the names are known at run time alone
    readable_ids = _readable_ids(actor, model, [row.id for row in rows])
    readable_rows = [row for row in rows if row.id in readable_ids]
    readable_names = _readable_names(actor, readable_rows, columns)
    visible_rows = []
    for row in rows:
        told = readable_names if row.id in readable_ids else None
        values = [_visible(actor, model, row, column, told) for column in columns]
        visible_rows.append(make(*values))
    return visible_rows


def _readable_names(actor: Actor, rows: Sequence[Any], columns: Sequence[str]) -> set[Subject]:
    """Return the related rows that events mention and whose names the actor may read."""
    noted = NOTED.intersection(columns)
    return mentions.readable(actor, (getattr(row, name) or {} for row in rows for name in noted))


def _visible(
    actor: Actor, model: type[Record], row: Any, name: str, names: set[Subject] | None
) -> object:
    """Return the value of a column as far as the actor may read it, or an empty value.

    `names` are the related rows whose names may be read; None if the row may not be read in full.
    """
    value = getattr(row, name)
    if name not in telling(model) or value is None:
        return value
    if names is None:
        return _emptied(value)
    if name in CHOSEN and (actor.mask_data or not _sees_all(actor)):
        return _emptied(value)
    if name in NOTED:
        return _without_unseen(actor, row, value, names)
    return value


def _sees_all(actor: Actor) -> bool:
    return all(sees(actor, model) for model in _models().values())


def _emptied(value: object) -> object:
    """Return the empty value of the same type."""
    return type(value)()


def _without_unseen(
    actor: Actor, event: Any, values: Mapping[str, object], names: set[Subject]
) -> dict[str, object]:
    """Return an event's values of a row as the actor sees them.

    Those about rows that the actor cannot see are left out.
    """
    model = _models().get(event.subject_type)
    visible = {
        name: masking.value(actor, model, event.subject_id, name, value) if model else value
        for name, value in values.items()
        if model is None or may_read(actor, model, name)
    }
    return mentions.told(actor, model, visible, names)


def _readable_ids(actor: Actor, model: type[Record], ids: list[int]) -> set[int]:
    """Return the ids of those rows that the actor may read in full."""
    condition = readable(actor, model)
    if condition is None:
        return set(ids)
    row_id: Any = model.id
    return set(db.session.scalars(select(row_id).where(row_id.in_(ids), condition)))


def _readable_events(actor: Actor) -> ColumnElement[bool] | None:
    """Return the SQL condition for the events that the actor may read, by their subject.

    Events of an area without restriction are all readable. Of an area that the actor does not see,
    only those about no particular row are. Of any other area, those about rows in scope are.
    """
    restricted: dict[str, ColumnElement[bool]] = {}
    for area, model in _models().items():
        condition = _restriction(actor, model)
        if condition is not None:
            restricted[area] = condition
    if not restricted:
        return None
    parts: list[ColumnElement[bool]] = [
        Event.subject_type.not_in(list(restricted)),
        and_(Event.subject_id.is_(None), Event.subject_key.is_(None)),
    ]
    for area, condition in restricted.items():
        model = _models()[area]
        # Of rows in another database, ours cannot tell which ones the actor sees.
        if sees(actor, model) and not model.__database__:
            parts.append(_is_about(area, model, condition))
    return or_(*parts)


def _is_about(
    area: str, model: type[Record], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the SQL condition for events about the rows of `model` that meet the condition."""
    ids_in_scope = select(model.id).where(condition).correlate(None)
    of_area = Event.subject_type == area
    if row_keys.is_numbered(model):
        return and_(of_area, Event.subject_id.in_(ids_in_scope))
    subject: Any = row_keys.of_stored(
        model, Event.subject_id.expression, Event.subject_key.expression
    )
    # Keys of other areas may be no values of this one: they must not even be read as such.
    return case((of_area, subject.in_(ids_in_scope)), else_=false())


def _restriction(actor: Actor, model: type[Record]) -> ColumnElement[bool] | None:
    """Return which rows of `model` the actor may read about; None for all.

    The scope of bulk runs only leaves out previews that were never run, and no event is about one.
    """
    if model is BulkRun and can(actor, "bulk_runs.view"):
        return None
    return restriction(actor, model)


def _readable_runs(actor: Actor) -> ColumnElement[bool] | None:
    """Return the SQL condition for the bulk runs that the actor may read.

    These are the runs all of whose rows the actor sees, and the actor's own runs.
    """
    unseen = [
        _is_on_unseen(actor, area, model, condition)
        for area, model in _models().items()
        if issubclass(model, Entity) and (condition := restriction(actor, model)) is not None
    ]
    if not unseen:
        return None
    return or_(not_(or_(*unseen)), BulkRun.actor_id == actor.user_id)


def _has_row(model: type[Record], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQL: whether the row that an item is about is there, and meets the condition.

    Each is found by its key. EXISTS would be made a join, for which all rows may be read.
    """
    row = select(model.id).where(model.id == key_of(model), condition)
    # Also where the rows are read beside their items.
    return row.correlate(BulkItem).scalar_subquery().is_not(None)


def _is_on_unseen(
    actor: Actor, area: str, model: type[Entity], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """SQL: whether a run of the area has a row that does not meet the condition, or is gone."""
    is_of_area = BulkRun.action.startswith(f"{area}.", autoescape=True)
    # Of rows in another database, ours cannot tell which ones the actor sees.
    if model.__database__ or not sees(actor, model):
        return is_of_area
    unseen = select(BulkItem.row_id).where(
        BulkItem.run_id == BulkRun.id, ~_has_row(model, condition)
    )
    # In this order the items of the run are read from their index, up to the first.
    first = unseen.order_by(BulkItem.row_id).limit(1).correlate(BulkRun)
    # The rows of other areas are not even looked up: their keys may be no values of this one.
    return case((is_of_area, first.scalar_subquery().is_not(None)), else_=false())


def _models() -> dict[str, type[Record]]:
    """Return every model with rows that people see, by its area."""
    return {area_of(model): model for model in records()}
