"""Tell what a list can be sorted by, and by which expression."""

from functools import cache, lru_cache
from typing import Any

from backoffice.models import fields
from backoffice.models.base import Record, Searchable
from backoffice.models.types import Expression


@cache
def sort_key(model: type[Record], name: str) -> Expression:
    """Return the expression by which rows are ordered.

    It is never NULL: (key, id) can then be compared at once, and an index can serve this.
    """
    if name == model.__label__ and issubclass(model, Searchable):
        return model.search_key.expression
    if name == "id" and model.__key_columns__:
        return model.id.expression
    key = fields.key_of(model, name)
    return fields.ordered(model, name if key is None else key.key)


def before_id(model: type[Record], name: str) -> Expression | None:
    """Return what rows are ordered by before their ids, where they are ordered by `name`.

    None if an order by the id is all, as it is by the key of an existing table.
    """
    return None if name == "id" and model.__key_columns__ else sort_key(model, name)


def order_by(
    model: type[Record], key: Expression | None, *, descending: bool
) -> tuple[Expression, ...]:
    """Return what rows are ordered by: a key, if there is one, and their ids."""
    by: list[Any] = [model.id] if key is None else [key, model.id]
    return tuple(each.desc() if descending else each.asc() for each in by)


@lru_cache(maxsize=1024)  # limited, because names also come from the addresses of requests
def sortable(model: type[Record], name: str) -> bool:
    """Return whether a list may be sorted by `name`.

    A log of millions of rows can only be sorted by time, or by a column with an index.
    """
    if name == "id" and model.__key_columns__:
        return True
    if model.__timeline__:
        if name == model.__timeline__:
            return True
        return name != "id" and _has_order(model, name) and fields.in_order(model, name)
    if name == model.__label__ and issubclass(model, Searchable):
        return True
    return _has_order(model, name)


def _has_order(model: type[Record], name: str) -> bool:
    kind = fields.kind(model, name)
    return kind is not None and kind.sorts
