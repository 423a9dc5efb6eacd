"""Row keys: how rows are told apart in addresses, forms, runs and events, whatever their key is.

Rows with one whole number as their key have that number. Any other key, be it a text, a date or
several columns, is a token in Python (models/key_tokens.py) and its columns in SQL
(models/key_expressions.py). `id` of a model is the key in either.
"""

import json
from collections.abc import Iterable, Sequence
from decimal import InvalidOperation
from functools import cache
from typing import Any

from sqlalchemy import (
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    UniqueConstraint,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.types import TypeEngine

from backoffice.models.base import Record
from backoffice.models.key_expressions import (
    ReadAs,
    StoredPart,
    TokenType,
    expression,
    is_number,
    parts,
    typed,
)
from backoffice.models.key_tokens import PATTERN as TOKEN
from backoffice.models.key_tokens import texts_of, token, values
from backoffice.models.types import Expression, TableColumn
from backoffice.text import is_id

__all__ = ["RowKey", "expression", "parts", "token"]

RowKey = int | str
UNIQUE = (PrimaryKeyConstraint, UniqueConstraint)
PATTERN = rf"-?[0-9]{{1,19}}|{TOKEN}"  # of what may be a key in an address


def shown(key: RowKey) -> str:
    """Return a key as people read it."""
    return str(key) if isinstance(key, int) else ", ".join(texts_of(key))


def columns(model: type[Record]) -> tuple[TableColumn, ...]:
    """Return the columns that tell the rows apart."""
    if model.__key_columns__:
        return model.__key_columns__
    table: Any = model.__table__
    return (table.c.id,)


def is_numbered(model: type[Record]) -> bool:
    """Return whether rows have one whole number as their key."""
    return is_number([column.type for column in columns(model)])


def parse(model: type[Record], text: object) -> RowKey | None:
    """Return the key that a text from an address, a form or a command stands for.

    None if no row of the model can have it.
    """
    types = [column.type for column in columns(model)]
    written = str(text)
    if is_number(types):
        return number(written)
    try:
        return token(values(types, written))
    except (ValueError, InvalidOperation, OverflowError):
        return None


def number(text: str) -> int | None:
    """Return the whole number that a text is; existing tables may have keys below zero."""
    if is_id(text):
        return int(text)
    above = text.removeprefix("-")
    return -int(above) if above != text and is_id(above) and int(above) else None


def in_order(keys: Iterable[RowKey]) -> list[RowKey]:
    """Return the keys of rows of one model, each once, in an order that is always the same."""
    return sorted(set(keys))  # they are all numbers, or all tokens


def referring(model: type[Record], foreign_keys: Sequence[Expression]) -> Expression:
    """Return the key of the row of `model` that foreign keys refer to, in SQL."""
    return expression(foreign_keys, [column.type for column in columns(model)])


def literals(model: type[Record], key: RowKey) -> list[Expression]:
    """Return the values of a key, in SQL, to compare with its `parts`."""
    types = [column.type for column in columns(model)]
    if is_number(types):
        return [literal(key)]
    if len(types) == 1:
        return [literal(key, TokenType(types[0]))]
    return typed(types, str(key))


def present(model: type[Record]) -> list[Expression]:
    """Return, in SQL, the conditions under which a row has a key: existing tables may have NULL."""
    return [part.is_not(None) for part in parts(model.id)] if model.__key_columns__ else []


def doubled(model: type[Record], rows: Expression) -> Select[Any] | None:
    """Select the keys that several of `rows` have; None if the table says that none are.

    `rows` is a condition in SQL.
    """
    if are_unique(model):
        return None
    by_key = select(model.id).where(rows, *present(model)).group_by(*parts(model.id))
    return by_key.having(func.count() > 1)


@cache
def are_unique(model: type[Record]) -> bool:
    """Return whether the database itself says that no two rows have the same key."""
    table, key = model.__table__, columns(model)
    if not model.__key_columns__ or not isinstance(table, Table):
        return not model.__key_columns__
    said = [each for each in table.constraints if isinstance(each, UNIQUE)]
    named = [list(each.columns) for each in (*said, *(i for i in table.indexes if i.unique))]
    return any(each and set(each) <= set(key) for each in named)


def identity(model: type[Record], key: RowKey) -> dict[str, object]:
    """Return the values of a key by their columns' names."""
    own = columns(model)
    if isinstance(key, int):
        return {str(own[0].name): key}
    written = values([column.type for column in own], key)
    return {str(column.name): value for column, value in zip(own, written, strict=True)}


def as_text(model: type[Record]) -> Expression:
    """Return the key of a row as runs store it, in SQL; NULL for a number."""
    return null() if is_numbered(model) else cast(model.id, String)


def stored(key: RowKey | None) -> str | None:
    """Return a token as events store it; None for a number."""
    if not isinstance(key, str):
        return None
    texts = texts_of(key)
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)


def restored(model: type[Record], number: int | None, text: str | None) -> RowKey | None:
    """Return the key that events store as a number or as a text."""
    if text is None or is_numbered(model):
        return number
    try:
        return token(json.loads(text) if len(columns(model)) > 1 else [text])
    except (ValueError, TypeError):  # it was stored when the table had another key
        return None


def of_stored(model: type[Record], number: Expression, text: Expression) -> Expression:
    """Return the key that is stored as a number or as a text, in SQL, to compare with an id."""
    types = [column.type for column in columns(model)]
    if is_number(types):
        return number
    if len(types) == 1:
        return expression([_read(text, types[0])], types)
    places = (StoredPart(text, literal_column(str(place))) for place in range(len(types)))
    return expression(
        [_read(part, type_) for part, type_ in zip(places, types, strict=True)], types
    )


def _read(text: Expression, type_: TypeEngine[Any]) -> Expression:
    return text if type_.python_type is str else ReadAs(text, type_)
