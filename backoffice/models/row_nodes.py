"""Which node a row is of: by a column of its own, or by the rows that it belongs to."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, select

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.node import OF_NODE, Node
from backoffice.models.types import TableColumn


@cache
def own_column(model: type[Record]) -> TableColumn | None:
    """Return the column that says of which node a row is, if there is one."""
    columns: Any = model.__table__.columns
    if model is Node:
        return columns.id  # type: ignore[no-any-return]  # a column, typed as Any
    return next((each for each in columns if each.info.get(OF_NODE)), None)


def is_of_node(model: type[Record]) -> bool:
    """Return whether rows of the model are of nodes."""
    return own_column(model) is not None or bool(model.__node_of__)


def key(model: type[Record], name: str) -> TableColumn:
    """Return the foreign key of one of the relations that `__node_of__` of the model names."""
    keys = fields.own_keys(model, name)
    assert keys, f"{model.__name__}.{name} refers to no single row"
    return keys[0]


def of_row(model: type[Record]) -> ColumnElement[int | None] | None:
    """SQL: the id of the node that a row is of, or None if no row of the model is of one."""
    column = own_column(model)
    if column is not None:
        return column
    found = [_of_related(model, name) for name in model.__node_of__]
    return func.coalesce(*found, None) if found else None


def _of_related(model: type[Record], name: str) -> ColumnElement[int | None]:
    other = fields.related_model(model, name)
    node_id = of_row(other)
    assert node_id is not None, f"{other.__name__} is of no node"
    of_other = select(node_id).where(other.id == key(model, name))
    return of_other.correlate(model).scalar_subquery()
