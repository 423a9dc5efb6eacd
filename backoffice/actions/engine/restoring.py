"""Remember the columns that an action changes, and give each row its former values back.

A run keeps them with its items, in a form that JSON has and that loses nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Integer, Select, and_, false, inspect, or_, select, update

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Rule
from backoffice.data import search_keys
from backoffice.data.orphaned_files import in_parts
from backoffice.data.uploaded_files import keys_in
from backoffice.extensions import db
from backoffice.models import fields, keys, row_keys
from backoffice.models.base import Entity, records
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of
from backoffice.models.files import FilesType, frozen
from backoffice.models.row_keys import RowKey
from backoffice.models.types import TableColumn
from backoffice.models.unreadable import Unreadable
from backoffice.policy.permissions import area_of

BATCH = 1000  # rows
GONE = "gone"
Values = dict[str, Any]  # by attribute
# Reads a value again that `_frozen` wrote as a text.
THAWING: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    Decimal: Decimal,
    UUID: UUID,
}


def frozen_values(
    model: type[Entity], rows: Ids, names: Sequence[str]
) -> Iterator[tuple[RowKey, Values]]:
    """Yield the id of each row with the values of the named columns, as JSON has them."""
    columns = [fields.attribute(model, name) for name in names]
    statement = select(model.id, *columns).where(model.id.in_(rows))
    for row_id, *values in db.session.execute(statement):
        yield row_id, {name: _frozen(value) for name, value in zip(names, values, strict=True)}


def restore(context: ActionContext, model: type[Entity], rows: Ids, names: Collection[str]) -> None:
    """Give `rows` the values of the named columns that they had before the run that is undone."""
    statement = _remembered_by(context, model).where(key_of(model).in_(rows))
    statement = statement.order_by(BulkItem.row_id)
    for batch in db.session.execute(statement).partitions(BATCH):
        changes = [
            _identity(model, row_id) | keys.with_keys(model, _thawed(model, memory or {}, names))
            for row_id, memory in batch
        ]
        db.session.execute(update(model), changes)
    search_keys.remake(model, rows, names)
    if raised := model.raised_with(names):
        raising = update(model).where(model.id.in_(rows)).values(**raised)
        db.session.execute(raising, execution_options={"synchronize_session": False})


def remembered_files() -> Iterator[str]:
    """Yield the keys of the files that an undo could bring back to their rows."""
    for model in records():
        if issubclass(model, Entity) and (names := fields.files_of(model)):
            for memory in _undoable_memories(model):
                for value in _thawed(model, memory, names).values():
                    yield from keys_in(value)


def _undoable_memories(model: type[Entity]) -> Iterator[Values]:
    """Yield what runs remember of rows that are still as they left them."""
    done = select(BulkRun.id).where(
        BulkRun.action.startswith(f"{area_of(model)}.", autoescape=True), BulkRun.state == "done"
    )
    is_as_left = or_(model.version == BulkItem.version, model.version == BulkItem.version + 1)
    is_undoable = and_(
        BulkItem.run_id.in_(done),
        BulkItem.outcome == "done",
        BulkItem.memory.is_not(None),
        select(model.id).where(model.id == key_of(model), is_as_left).exists(),
    )
    key = [BulkItem.run_id, BulkItem.row_id]
    for memory, *_key in in_parts([BulkItem.memory], key, is_undoable):
        yield memory


def _identity(model: type[Entity], row_id: RowKey) -> Values:
    """Return the attributes that tell a row apart, by which SQLAlchemy updates many rows."""
    values = row_keys.identity(model, row_id)
    mapper = inspect(model)
    return {
        mapper.get_property_by_column(column).key: values[str(column.name)]
        for column in row_keys.columns(model)
    }


def rule_of(model: type[Entity], names: Iterable[str]) -> Rule | None:
    """Return the rule that refuses rows whose former related row exists no more.

    None if no column of these names belongs to a relation.
    """
    columns = {name: fields.column(model, name) for name in names}
    keys_of_others = {name: column for name, column in columns.items() if column.foreign_keys}
    if not keys_of_others:
        return None

    def refuses(context: ActionContext) -> ColumnElement[bool]:
        if not context.undo_of:
            return false()
        lost = [_is_lost(name, column) for name, column in keys_of_others.items()]
        items = _remembered_by(context, model).where(key_of(model) == model.id)
        return items.where(or_(*lost)).correlate(model).exists()

    return Rule(GONE, _l("What {label} belonged to before exists no more."), refuses)


def _is_lost(name: str, column: TableColumn) -> ColumnElement[bool]:
    """Return the SQL condition for items that remember a related row that is gone."""
    target = next(iter(column.foreign_keys)).column
    remembered = BulkItem.memory[name]  # NULL where it was not remembered
    is_number = isinstance(column.type, Integer)
    then = remembered.as_integer() if is_number else remembered.as_string()
    return and_(then.is_not(None), then.not_in(select(target)))


def _remembered_by(context: ActionContext, model: type[Entity]) -> Select[Any]:
    return select(key_of(model), BulkItem.memory).where(BulkItem.run_id == context.undo_of)


def _frozen(value: Any) -> Any:
    value = frozen(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def _thawed(model: type[Entity], memory: Values, names: Collection[str]) -> Values:
    return {
        name: _thaw(fields.column(model, name), memory[name]) for name in names if name in memory
    }


def _thaw(column: TableColumn, value: Any) -> Any:
    if isinstance(column.type, FilesType):
        return column.type.thawed(value)
    if members := getattr(column.type, "enum_class", None):
        return members[value] if value else value
    return _read(column.type.python_type, value) if isinstance(value, str) else value


def _read(python: type, text: str) -> Any:
    """Return the value that was kept as a text; one that could not be read is still that text."""
    if python is str or python not in (*THAWING, float, int, bool):
        return text
    try:
        value = THAWING[python](text)
    except (KeyError, ValueError, ArithmeticError):
        return Unreadable(text)
    is_number = not isinstance(value, Decimal) or value.is_finite()
    return value if is_number else Unreadable(text)
