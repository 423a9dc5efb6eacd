"""Map queries as models that can only be read, see `SqlView` in models/external.py."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Select, Subquery, func
from sqlalchemy.orm import MappedColumn, column_property

from backoffice.models import row_keys
from backoffice.models.existing_columns import attribute_name
from backoffice.models.external import Waiting, map_onto
from backoffice.models.mapping import Faults, area_of, can_tell_apart, described, label_of
from backoffice.models.types import TableColumn

NUMBER = "row_number"  # the column that tells rows apart in a query without a key
INSTEAD_OF_NULL: dict[type, object] = {str: "", int: -1}  # in a key


def map_query(each: Waiting, faults: Faults) -> None:
    """Map a waiting query, or note what is wrong with it."""
    model: Any = each.model
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
    area = area_of(each, model.__area__ or f"{name}s", faults)
    names = model.__key__ or (NUMBER,)
    found = _query(model).subquery(area)
    columns = {str(column.key): _column(column, model) for column in found.c}
    if missing := [name for name in names if name not in columns]:
        faults.add(each, f"its query has no column {missing[0]!r}, which __key__ names.")
    elif can_tell_apart(each, [columns[name] for name in names], faults) and not faults.sentences:
        _map(model, area, found, columns, names)


def _query(model: Any) -> Select[Any]:
    """Return the query, with numbers for its rows if it has no key."""
    asked = model.__query__
    query: Select[Any] = asked if isinstance(asked, Select) else asked()
    if model.__key__:
        return query
    number = func.row_number().over(order_by=list(query.selected_columns))
    return query.add_columns(number.label(NUMBER))


def _map(
    model: Any,
    area: str,
    found: Subquery,
    columns: dict[str, TableColumn],
    names: tuple[str, ...],
) -> None:
    key_columns = tuple(columns[name] for name in names)
    own = {attribute_name(name): column for name, column in columns.items()}
    attributes = {attribute_name(str(column.key)): column_property(column) for column in found.c}
    attributes["id"] = _id(found, names, key_columns)
    mapped: dict[str, Any] = {
        "__table__": found,
        "__described__": own,
        "__mapper_args__": {"primary_key": [found.c[name] for name in names]},
        "__label__": label_of(model, own, key_columns),
    }
    map_onto(model, area=area, key_columns=key_columns, attributes=attributes | mapped)


def _id(found: Subquery, names: tuple[str, ...], key_columns: Sequence[TableColumn]) -> Any:
    key = [_without_null(found.c[name]) for name in names]
    return column_property(row_keys.expression(key, [column.type for column in key_columns]))


def _column(column: Any, model: Any) -> TableColumn:
    """Return a column of a query as the column of a table, which says what its kind is."""
    name = str(column.key)
    type_ = BigInteger() if name == NUMBER else column.type
    info = dict(getattr(column, "info", {})) | ({"hidden": True} if name == NUMBER else {})
    declared = vars(model).get(name)
    if isinstance(declared, MappedColumn):
        info |= declared.column.info
    return described(Column(name, type_, info=info, nullable=True))


def _without_null(column: Any) -> Any:
    """Return the column with a value instead of NULL, where a page of a list could not begin."""
    instead = INSTEAD_OF_NULL.get(column.type.python_type)
    return column if instead is None else func.coalesce(column, instead)
