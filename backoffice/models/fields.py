"""Describes the attributes of models.

Lists, filters, forms, exports and events are made from these descriptions, without declarations.
"""

from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    bindparam,
    func,
    inspect,
)
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty

from backoffice.models.base import Record, UTCDateTime, records
from backoffice.models.keys import MAKERS, SUFFIX, text_kind

TEXTS = tuple(MAKERS)  # the kinds that are texts
LONG_TEXT = 250  # characters; a longer column may hold several lines
KINDS: tuple[tuple[type, str], ...] = (
    (Boolean, "boolean"),
    (DateTime, "time"),
    (UTCDateTime, "time"),
    (Date, "date"),
    (Integer, "number"),
    (Numeric, "number"),
    (Float, "number"),
    (String, "text"),
    (JSON, "list"),
    (Uuid, "uuid"),
)
LOWEST: dict[str, Any] = {"boolean": False, "number": -(2**62), "text": "", "date": date(1, 1, 1)}


@lru_cache(maxsize=1024)  # names come from addresses too
def kind(model: type[Record], name: str) -> str:
    """Return the kind of the attribute `name` of `model`, or '' if it is missing or hidden.

    The kinds are text, email, phone, login, code (one of a few words), number, boolean, time, date,
    list, choice, derived (a choice that SQL computes), uuid, one (a related row), many (related
    rows) and computed.
    """
    mapper = inspect(model)
    if name in mapper.relationships:
        return "many" if mapper.relationships[name].uselist else "one"
    if name in model.__derived__:
        return "derived"
    if name in mapper.column_attrs:
        return _kind_of_column(mapper.column_attrs[name].columns[0])
    is_computed = name in mapper.all_orm_descriptors and not name.startswith("_")
    return "computed" if is_computed else ""


def _kind_of_column(column: Any) -> str:
    if column.info.get("hidden"):
        return ""
    if "choices" in column.info or isinstance(column.type, Enum):
        return "choice"
    if "codes" in column.info:
        return "code"
    for cls, word in KINDS:
        if isinstance(column.type, cls):
            return text_kind(column) if word == "text" else word
    return ""


@cache
def relation(model: type[Record], name: str) -> RelationshipProperty[Any]:
    """Return the relationship called `name`."""
    return inspect(model).relationships[name]


def related_model(model: type[Record], name: str) -> type[Record]:
    """Return the model at the other end of the relationship called `name`."""
    target: type[Record] = relation(model, name).mapper.class_
    return target


@lru_cache(maxsize=1024)  # names come from addresses too
def told_of(model: type[Record], name: str) -> type[Record] | None:
    """Return the model whose rows the attribute tells something about, if it is not its own.

    It is the one at the other end of a relationship, or of the table that the column's `info`
    names as `tells_of`.
    """
    mapper = inspect(model)
    if name in mapper.relationships:
        return related_model(model, name)
    if name not in mapper.column_attrs:
        return None
    table = column(model, name).info.get("tells_of")
    return next((record for record in records() if record.__tablename__ == table), None)


def column(model: type[Record], name: str) -> Any:
    """Return the table column behind the attribute `name`."""
    return inspect(model).column_attrs[name].columns[0]


def attribute(model: type[Record], name: str) -> InstrumentedAttribute[Any]:
    """Return the attribute called `name`, to build SQL with."""
    mapped: InstrumentedAttribute[Any] = getattr(model, name)
    return mapped


def choices(model: type[Record], name: str) -> tuple[str, ...]:
    """Return the values that a choice may have."""
    if name in model.__derived__:
        return model.__derived__[name]
    chosen = column(model, name)
    return tuple(chosen.info.get("choices") or chosen.type.enums)


@cache
def key_of(model: type[Record], name: str) -> InstrumentedAttribute[Any] | None:
    """Return the attribute that holds the key of the text `name`, if it has one."""
    key_name = name + SUFFIX
    has_key = kind(model, name) in TEXTS and key_name in inspect(model).column_attrs
    return attribute(model, key_name) if has_key else None


def has_lines(model: type[Record], name: str) -> bool:
    """Return whether the text may have several lines."""
    length = getattr(column(model, name).type, "length", None)
    return length is None or length > LONG_TEXT


def is_required(model: type[Record], name: str) -> bool:
    """Return whether a form has to fill it in: the column is NOT NULL and has no default."""
    required = column(model, name)
    has_value = required.nullable or required.default is not None
    return not has_value and kind(model, name) != "boolean"


@cache
def visible(model: type[Record]) -> tuple[str, ...]:
    """Return the columns of `model` that may be shown, in the table's order, no foreign keys."""
    return tuple(
        attribute.key
        for attribute in inspect(model).column_attrs
        if kind(model, attribute.key) and not attribute.columns[0].foreign_keys
    )


@cache
def relations(model: type[Record]) -> tuple[str, ...]:
    """Return the relationships of `model` to rows that people see."""
    relationships = inspect(model).relationships
    return tuple(
        name
        for name, relationship in relationships.items()
        if issubclass(relationship.mapper.class_, Record)
    )


def lowest(model: type[Record], name: str) -> Any:
    """Return a value that sorts before every other one, to stand for NULL."""
    what = kind(model, name)
    if what == "time":
        return datetime.fromisoformat("0001-01-01T00:00:00+00:00")
    return LOWEST.get(what, "")


def ordered(model: type[Record], name: str) -> ColumnElement[Any]:
    """Return the expression that lists are ordered by.

    It is never NULL. Thus (expression, id) is a single comparison, which an index can serve.
    """
    ordering = attribute(model, name)
    if not column(model, name).nullable:
        return ordering.expression
    least = bindparam(None, lowest(model, name), type_=ordering.type, literal_execute=True)
    return func.coalesce(ordering, least)


@cache
def in_order(model: type[Record], name: str) -> bool:
    """Return whether an index has the rows in the order of the column, and then of their ids."""
    if name == "id":
        return True
    first = column(model, name)
    table = inspect(model).local_table
    if first.nullable or not isinstance(table, Table):
        return False
    wanted = [first, table.c.id]
    return any(list(index.expressions)[:2] == wanted for index in table.indexes)


def heading(name: str) -> str:
    """Return the default heading of an attribute: that of `created_at` is 'Created at'."""
    if name == "id":
        return "ID"
    words = name.replace("_", " ").removesuffix(" id")
    return words[:1].upper() + words[1:]
