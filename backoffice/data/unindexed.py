"""Find what a list can be asked that no index answers, so that it would read the whole table.

Few rows are read in no time, so this is for developers: `flask backoffice check` tells it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Table, inspect
from sqlalchemy.engine import Dialect

from backoffice.data import sorting
from backoffice.extensions import db
from backoffice.models import fields, search
from backoffice.models.base import Record
from backoffice.models.types import Expression, TableColumn

# Filters by these shapes look for single values, or for those between two.
LOOKED_UP = ("choice", "yes", "exact", "code", "range", "day", "moment")


@dataclass(frozen=True)
class Gap:
    """A sort or a filter that reads the whole table, and the sentence that says what would help."""

    asked: str
    cure: str


def gaps(
    model: type[Record], *, sorted_by: Iterable[str], filtered_by: Iterable[str]
) -> Iterator[Gap]:
    """Yield what no index answers, of a list with these sorts and filters."""
    for name in sorted_by:
        if sorting.sortable(model, name) and not _is_ordered(model, name):
            yield Gap(f"sort={name}", _cure_of_order(model, name))
    for name in filtered_by:
        yield from _of_filter(model, name)


def _of_filter(model: type[Record], name: str) -> Iterator[Gap]:
    shape = fields.shape(model, name)
    if shape in LOOKED_UP and not fields.has_index(model, name):
        column = fields.column(model, name)
        # With the number behind it, the index has the order of the list too.
        more = () if column.nullable else ("id",)
        yield Gap(f"{name}=", _declaration(column, *more))
    elif shape == "rows":
        for key in _keys_of_relation(model, name):
            if not _begins_an_index(key):
                yield Gap(f"{name}=", _declaration(key))
    elif shape == "text" and not (search.indexed(model, name) or fields.has_index(model, name)):
        yield Gap(f"{name}=", 'the search index: __search__ and __trigrams__ = ("search_key",)')


def _keys_of_relation(model: type[Record], name: str) -> list[TableColumn]:
    """Return the foreign keys by which rows are found that have a related row."""
    relation = fields.relation(model, name)
    if relation.secondary is not None:
        keys = [other for _own, other in relation.secondary_synchronize_pairs or ()]
    elif relation.uselist:
        return []  # the rows are found by their own ids
    else:
        keys = [own for own, _other in relation.local_remote_pairs or ()]
    return [key for key in keys if isinstance(key, Column)]


def _begins_an_index(column: TableColumn) -> bool:
    table = column.table
    if column.unique or not isinstance(table, Table):
        return True
    first = next(iter(table.primary_key.columns), None)
    return first is column or any(
        list(index.expressions)[:1] == [column] for index in table.indexes
    )


def _is_ordered(model: type[Record], name: str) -> bool:
    """Tell whether an index has the rows in the order of a list that is sorted by the attribute."""
    wanted = _written(sorting.sort_key(model, name))
    table = inspect(model).local_table
    if name == "id" or not isinstance(table, Table):
        return True
    orders = ([*map(_written, index.expressions)][:2] for index in table.indexes)
    return any(order == [wanted, _written(table.c.id)] for order in orders)


def _written(expression: object) -> str:
    """Return an expression of an index as SQL without names of tables, to compare it."""
    dialect: Dialect = db.engine.dialect
    compiled = expression.compile(  # type: ignore[attr-defined]  # as all expressions have it
        dialect=dialect, compile_kwargs={"literal_binds": True, "include_table": False}
    )
    return str(compiled)


def _cure_of_order(model: type[Record], name: str) -> str:
    key = sorting.sort_key(model, name)
    if isinstance(key, Column):
        return _declaration(key, "id")
    return _index_of(model, name, key)


def _index_of(model: type[Record], name: str, key: Expression) -> str:
    """Return the declaration of an index by an expression, which stands for empty values too."""
    return f'Index("ix_{model.__tablename__}_{name}_order", text("{_written(key)}"), "id")'


def _declaration(column: TableColumn, *more: str) -> str:
    """Return the declaration of an index that begins with the column."""
    names = ", ".join(f'"{name}"' for name in (column.name, *more))
    words = "_".join(("ix", column.table.name, column.name, *more))
    return f'Index("{words}", {names})'
