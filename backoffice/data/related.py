"""Read the related rows of many rows at once, for the columns of a list, an export or an event."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    String,
    bindparam,
    func,
    inspect,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from backoffice.extensions import db
from backoffice.models import associations, fields, row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.masking import Revealed
from backoffice.policy.rules import restriction
from backoffice.text import fold

WORTH_AN_ARRAY = 100  # ids
Statement = Select[*tuple[object, ...]]  # with whatever columns
GivenIds = Select[Any] | BindParameter[int] | Sequence[RowKey]
# By column, the ids of the related rows whose names the actor may read.
Readable = dict[str, Select[Any]]
# By column and id of the row, the ids and labels of its related rows.
Labels = dict[str, dict[Any, list[tuple[Any, str]]]]


def readable_ids(actor: Actor, model: type[Record], columns: Sequence[str]) -> Readable:
    """Select the ids of the related rows whose names the actor may read, by column.

    Columns of which the actor may read every name are left out.
    """
    readable: Readable = {}
    for name in columns:
        if fields.shape(model, name) != "rows":
            continue
        target = fields.related_model(model, name)
        condition = restriction(actor, target)
        if condition is not None:
            readable[name] = select(target.id).where(condition).correlate(None)
    return readable


def with_label(
    statement: Statement,
    model: type[Record],
    name: str,
    readable: Select[int] | None,
    revealed: Revealed,
) -> Statement:
    """Add the label and the id of the one related row to a statement.

    `readable` limits the labels to the rows whose names the actor may read; None for all.
    `revealed` says which of them have no masks.
    """
    target = fields.related_model(model, name)
    other = aliased(target)
    label = masking.shown(revealed, other, target.__label__)
    if readable is not None:
        # For each row of the page alone: `IN` would read all rows that the actor may read.
        own = readable.with_only_columns(masking.shown(revealed, target, target.__label__))
        label = own.where(target.id == other.id).correlate(other).scalar_subquery()
    statement = statement.outerjoin(fields.attribute(model, name).of_type(other))
    return statement.add_columns(label.label(name), other.id.label(f"{name}__id"))


def labels(
    model: type[Record],
    ids: Sequence[RowKey] | Select[Any],
    relations: Sequence[str],
    readable: Readable | None = None,
) -> Labels:
    """Return the ids and labels of the related rows, by relation and row, without masks.

    All relations are read in one statement. `readable` limits them to the rows whose names the
    actor may read; it comes from `readable_ids`.
    """
    names = tuple(relations)
    found: Labels = {name: {} for name in names}
    if not names:
        return found
    for name, row_id, other_id, label in _read(model, ids, names, readable):
        found[name].setdefault(row_id, []).append((other_id, label))
    for labels_by_row in found.values():
        for row_labels in labels_by_row.values():
            if len(row_labels) > 1:
                row_labels.sort(key=lambda other: fold(other[1]))
    return found


def told(actor: Actor, model: type[Record], found: Labels) -> Labels:
    """Return labels as the actor sees them; their order tells nothing of what is masked."""
    for name, labels_by_row in found.items():
        target = fields.related_model(model, name)
        if masking.is_masked(actor, target, target.__label__):
            found[name] = {
                row_id: sorted(
                    (other_id, masking.label_of(actor, target, other_id, label))
                    for other_id, label in others
                )
                for row_id, others in labels_by_row.items()
            }
    return found


def _read(
    model: type[Record],
    ids: Sequence[RowKey] | Select[Any],
    names: tuple[str, ...],
    readable: Readable | None,
) -> Iterable[Row[str, Any, Any, str]]:
    """Read the column's name, the row's id, the related row's id and its label."""
    if isinstance(ids, Select) or not row_keys.is_numbered(model):
        return db.session.execute(_all_related(model, names, ids, readable))
    if readable:
        # A statement with the restrictions of an actor is not cached.
        statement = _all_related(model, names, _given(as_array=False), readable)
    else:
        statement = _related_by_id(model, names, _as_array(model, ids))
    return db.session.execute(statement, {"ids": ids})


@lru_cache(maxsize=256)
def _related_by_id(
    model: type[Record], names: tuple[str, ...], as_array: bool
) -> Statement | CompoundSelect[*tuple[object, ...]]:
    """Select the related rows of the rows that are given by the parameter `ids`."""
    return _all_related(model, names, _given(as_array=as_array))


def _as_array(model: type[Record], ids: Sequence[RowKey]) -> bool:
    """Whether to pass the ids as one array.

    Exports pass a thousand ids, and psycopg is slow with so many single parameters.
    """
    return len(ids) > WORTH_AN_ARRAY and _is_postgresql(model)


def _is_postgresql(model: type[Record]) -> bool:
    return db.session.get_bind(mapper=inspect(model)).dialect.name == "postgresql"


def among(model: type[Record], ids: Sequence[RowKey]) -> ColumnElement[bool]:
    """Return the SQL condition for rows with one of many ids.

    Numbers are those in the parameter `ids`, in the form that is fastest to read.
    """
    if row_keys.is_numbered(model):
        return model.id.in_(_given(as_array=_is_postgresql(model)))
    return model.id.in_(list(ids))


def _given(*, as_array: bool) -> GivenIds:
    """Return the SQL for the ids in the parameter `ids`."""
    if as_array:
        return select(func.unnest(bindparam("ids", type_=ARRAY(BigInteger))))
    return bindparam("ids", expanding=True)


def _all_related(
    model: type[Record], names: tuple[str, ...], ids: GivenIds, readable: Readable | None = None
) -> Statement | CompoundSelect[*tuple[object, ...]]:
    """Select the related rows of all columns."""
    readable = readable or {}
    parts = [_related_rows(model, name, ids, readable.get(name)) for name in names]
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _related_rows(
    model: type[Record], name: str, ids: GivenIds, readable: Select[int] | None
) -> Statement:
    """Select the related rows of one column."""
    target = fields.related_model(model, name)
    other: Any = aliased(target)
    own_id = _own_id(model, name)
    # Not a parameter: psycopg caches the conversion of statements with at most 50 parameters.
    column_name = literal_column(f"'{name}'", String)
    statement = select(column_name, own_id, other.id, getattr(other, target.__label__))
    statement = _joined(statement, model, name, other)
    if readable is not None:
        statement = statement.where(other.id.in_(readable))
    return statement.where(own_id.in_(ids))


def _joined(
    statement: Statement, model: type[Record], name: str, other: AliasedClass[Record]
) -> Statement:
    """Join the related rows, to the association table if there is one."""
    relation = fields.relation(model, name)
    if relation.secondary_synchronize_pairs:
        others = [key for _own, key in relation.secondary_synchronize_pairs]
        association_other = row_keys.referring(fields.related_model(model, name), others)
        statement = statement.join(other, other.id == association_other)
        return statement.where(associations.counts(relation.secondary))
    return statement.join_from(model, fields.attribute(model, name).of_type(other))


def _own_id(model: type[Record], name: str) -> ColumnElement[int]:
    """Return the id of the row, from the association table if there is one.

    The row's own table is not needed then.
    """
    relation = fields.relation(model, name)
    if relation.secondary_synchronize_pairs:
        return row_keys.referring(model, [key for _own, key in relation.synchronize_pairs])
    return model.id.expression
