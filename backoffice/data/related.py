"""The related rows of many rows at once: what stands in the many-to-many columns of a list, an export, an event."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.policy.rules import restriction
from backoffice.text import fold

WORTH_AN_ARRAY = 100  # numbers
Hidden = dict[str, Select[int]]
Labels = dict[str, dict[int, list[tuple[int, str]]]]


def hidden(actor: Actor, model: type[Record], columns: Sequence[str]) -> Hidden:
    """For each column of related rows of which the actor may not read every name: the ids of those they may."""
    found: Hidden = {}
    for name in columns:
        if fields.kind(model, name) in ("one", "many"):
            target = fields.related_model(model, name)
            if (condition := restriction(actor, target)) is not None:
                found[name] = select(target.id).where(condition).correlate(None)
    return found


def labels(
    model: type[Record],
    ids: Sequence[int] | Select[int],
    columns: Sequence[str],
    visible: Hidden | None = None,
) -> Labels:
    """For each many-to-many column, the (id, label) of the related rows by row, all in one statement.

    `visible` leaves out those that the actor may not read, as `hidden` has it.
    """
    names = tuple(name for name in columns if fields.kind(model, name) == "many")
    found: Labels = {name: {} for name in names}
    if not names:
        return found
    if isinstance(ids, Select):
        rows = db.session.execute(_all_related(model, names, ids, visible))
    elif visible:  # an actor's own statement is not kept
        rows = db.session.execute(
            _all_related(model, names, _given(as_array=False), visible), {"ids": ids}
        )
    else:
        rows = db.session.execute(_related_by_id(model, names, _as_array(ids)), {"ids": ids})
    for name, row_id, other_id, label in rows:
        found[name].setdefault(row_id, []).append((other_id, label))
    for by_row in found.values():
        for others in by_row.values():
            if len(others) > 1:
                others.sort(key=lambda other: fold(other[1]))
    return found


@lru_cache(maxsize=256)
def _related_by_id(
    model: type[Record], names: tuple[str, ...], as_array: bool
) -> Select[Any] | CompoundSelect[Any]:
    """The related rows of the rows whose numbers are given as `ids`."""
    return _all_related(model, names, _given(as_array=as_array))


def _as_array(ids: Sequence[int]) -> bool:
    """Whether to pass the numbers as one array: exports ask for a thousand, and psycopg is slow at that many each."""
    return len(ids) > WORTH_AN_ARRAY and db.session.get_bind().dialect.name == "postgresql"


def given() -> Any:
    """Many numbers given as `ids`, in SQL, as the engine reads them fastest."""
    return _given(as_array=db.session.get_bind().dialect.name == "postgresql")


def _given(*, as_array: bool) -> Any:
    """The numbers given as `ids`, in SQL."""
    array = bindparam("ids", type_=ARRAY(BigInteger))
    return select(func.unnest(array)) if as_array else bindparam("ids", expanding=True)


def _all_related(
    model: type[Record], names: tuple[str, ...], ids: Any, visible: Hidden | None = None
) -> Select[Any] | CompoundSelect[Any]:
    parts = [_related_rows(model, name, ids, (visible or {}).get(name)) for name in names]
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _related_rows(
    model: type[Record], name: str, ids: Any, visible: Select[int] | None
) -> Select[Any]:
    """From the table between the two, where there is one: the row's own table has nothing to add."""
    relation, other = fields.relation(model, name), aliased(fields.related_model(model, name))
    label = getattr(other, fields.related_model(model, name).__label__)
    named = literal_column(
        f"'{name}'", String
    )  # psycopg keeps what it makes of a statement of up to 50 parameters
    if not relation.secondary_synchronize_pairs:
        own: ColumnElement[int] = model.id.expression
        statement = select(named, own, other.id, label)
        statement = statement.join_from(model, fields.attribute(model, name).of_type(other))
    else:
        ((_, own),), ((_, theirs),) = (
            relation.synchronize_pairs,
            relation.secondary_synchronize_pairs,
        )
        statement = select(named, own, other.id, label).join(other, other.id == theirs)
    if visible is not None:
        statement = statement.where(other.id.in_(visible))
    return statement.where(own.in_(ids))
