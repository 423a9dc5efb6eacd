"""What a model's attributes are, so that lists, filters, forms, exports and events need no declarations."""

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
LONG_TEXT = 250  # characters, from which on a text may have several lines
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
    """What `name` is on `model`.

    One of: text, email, phone, login, code (one of a few words), number, boolean, time, date, list, choice, derived
    (a choice that SQL works out), uuid, one (a related row), many (related rows), computed, or '' where there is no
    such attribute or it is hidden.
    """
    mapper = inspect(model)
    if name in mapper.relationships:
        return "many" if mapper.relationships[name].uselist else "one"
    if name in model.__derived__:
        return "derived"
    if name not in mapper.column_attrs:
        return "computed" if name in mapper.all_orm_descriptors and not name.startswith("_") else ""
    column = mapper.column_attrs[name].columns[0]
    if column.info.get("hidden"):
        return ""
    if "choices" in column.info or isinstance(column.type, Enum):
        return "choice"
    if "codes" in column.info:
        return "code"
    found = next((word for cls, word in KINDS if isinstance(column.type, cls)), "")
    return text_kind(column) if found == "text" else found


@cache
def relation(model: type[Record], name: str) -> RelationshipProperty[Any]:
    """The relationship called `name`."""
    return inspect(model).relationships[name]


def related_model(model: type[Record], name: str) -> type[Record]:
    """The model at the other end of the relationship called `name`."""
    target: type[Record] = relation(model, name).mapper.class_
    return target


@lru_cache(maxsize=1024)  # names come from addresses too
def told_of(model: type[Record], name: str) -> type[Record] | None:
    """The model whose rows the attribute tells of: that of a relation, or what the column's `info` calls `tells_of`."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return related_model(model, name)
    if name not in mapper.column_attrs:
        return None
    table = mapper.column_attrs[name].columns[0].info.get("tells_of")
    return next((record for record in records() if record.__tablename__ == table), None)


def column(model: type[Record], name: str) -> Any:
    """The table column behind the attribute `name`."""
    return inspect(model).column_attrs[name].columns[0]


def attribute(model: type[Record], name: str) -> InstrumentedAttribute[Any]:
    """The attribute called `name`, to build SQL with."""
    found: InstrumentedAttribute[Any] = getattr(model, name)
    return found


def choices(model: type[Record], name: str) -> tuple[str, ...]:
    """The values that a choice may have."""
    if name in model.__derived__:
        return model.__derived__[name]
    found = column(model, name)
    return tuple(found.info.get("choices") or found.type.enums)


@cache
def key_of(model: type[Record], name: str) -> InstrumentedAttribute[Any] | None:
    """The attribute in which the text `name` is kept for comparison, if it has one."""
    has_key = kind(model, name) in TEXTS and name + SUFFIX in inspect(model).column_attrs
    return attribute(model, name + SUFFIX) if has_key else None


def has_lines(model: type[Record], name: str) -> bool:
    """Whether a text may have several lines."""
    length = getattr(column(model, name).type, "length", None)
    return length is None or length > LONG_TEXT


def is_required(model: type[Record], name: str) -> bool:
    """Whether something has to be filled in: the column may not be empty and has no value by itself."""
    found = column(model, name)
    return not found.nullable and found.default is None and kind(model, name) != "boolean"


@cache
def visible(model: type[Record]) -> tuple[str, ...]:
    """Every column of `model` that may be shown, in the order of the table; no foreign keys."""
    attributes = inspect(model).column_attrs
    return tuple(a.key for a in attributes if kind(model, a.key) and not a.columns[0].foreign_keys)


@cache
def relations(model: type[Record]) -> tuple[str, ...]:
    """Every relationship of `model` to rows that people see."""
    return tuple(
        name
        for name, r in inspect(model).relationships.items()
        if issubclass(r.mapper.class_, Record)
    )


def lowest(model: type[Record], name: str) -> Any:
    """A value that sorts before every other, in place of an empty one."""
    what = kind(model, name)
    return (
        datetime.fromisoformat("0001-01-01T00:00:00+00:00")
        if what == "time"
        else LOWEST.get(what, "")
    )


def ordered(model: type[Record], name: str) -> ColumnElement[Any]:
    """The column as lists are ordered by it: never NULL, so that (key, id) is one comparison an index can serve."""
    attribute_ = attribute(model, name)
    if not column(model, name).nullable:
        return attribute_.expression
    least = bindparam(None, lowest(model, name), type_=attribute_.type, literal_execute=True)
    return func.coalesce(attribute_, least)


@cache
def in_order(model: type[Record], name: str) -> bool:
    """Whether an index has the rows in the order of the column, and then of their ids."""
    if name == "id":
        return True
    table, first = inspect(model).local_table, column(model, name)
    indexes = table.indexes if isinstance(table, Table) else ()
    return not first.nullable and any(
        list(index.expressions)[:2] == [first, table.c.id] for index in indexes
    )


def heading(name: str) -> str:
    """How the attribute is called where nobody chose better words: `created_at` is 'Created at'."""
    words = name.replace("_", " ").removesuffix(" id") if name != "id" else "ID"
    return words[:1].upper() + words[1:]
