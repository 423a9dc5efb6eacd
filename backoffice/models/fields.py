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

from backoffice.models.base import Record, UTCDateTime

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

    One of: text, code (one of a few words), number, boolean, time, date, list, choice, derived (a choice that SQL
    works out), uuid, one (a related row), many (related rows), computed, or '' where there is no such attribute or
    it is hidden.
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
    return next((word for cls, word in KINDS if isinstance(column.type, cls)), "")


@cache
def relation(model: type[Record], name: str) -> RelationshipProperty[Any]:
    """The relationship called `name`."""
    return inspect(model).relationships[name]


def related_model(model: type[Record], name: str) -> type[Record]:
    """The model at the other end of the relationship called `name`."""
    target: type[Record] = relation(model, name).mapper.class_
    return target


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
def visible(model: type[Record]) -> tuple[str, ...]:
    """Every column of `model` that may be shown, in the order of the table; no foreign keys."""
    attributes = inspect(model).column_attrs
    return tuple(a.key for a in attributes if kind(model, a.key) and not a.columns[0].foreign_keys)


@cache
def relations(model: type[Record]) -> tuple[str, ...]:
    """Every relationship of `model` to rows that people see."""
    return tuple(name for name, r in inspect(model).relationships.items() if issubclass(r.mapper.class_, Record))


def lowest(model: type[Record], name: str) -> Any:
    """A value that sorts before every other, in place of an empty one."""
    what = kind(model, name)
    return datetime.fromisoformat("0001-01-01T00:00:00+00:00") if what == "time" else LOWEST.get(what, "")


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
    return not first.nullable and any(list(index.expressions)[:2] == [first, table.c.id] for index in indexes)


def heading(name: str) -> str:
    """How the attribute is called where nobody chose better words: `created_at` is 'Created at'."""
    words = name.replace("_", " ").removesuffix(" id") if name != "id" else "ID"
    return words[:1].upper() + words[1:]
