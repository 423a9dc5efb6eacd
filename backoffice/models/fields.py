"""Describes the attributes of models.

Lists, filters, forms, exports and events are made from these descriptions, without declarations.
"""

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import (
    Column,
    Enum,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    cast,
    func,
    inspect,
)
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty

from backoffice.models import kinds, row_keys
from backoffice.models.base import Record, records
from backoffice.models.columns import EXISTING
from backoffice.models.files import FilesType
from backoffice.models.keys import LOOKS, SUFFIX
from backoffice.models.kinds import Kind
from backoffice.models.kinds.choices import Choice, worded
from backoffice.models.kinds.documents import Countries
from backoffice.models.kinds.files import File
from backoffice.models.kinds.texts import Text
from backoffice.models.types import Expression, TableColumn
from backoffice.models.unreadable import Unreadable
from backoffice.places import DeclarationError, place_of

# A key in the `info` of relationships that are for filters alone, and are shown nowhere.
FOR_FILTERS = "for_filters"
KEYS = (PrimaryKeyConstraint, UniqueConstraint)


@lru_cache(maxsize=1024)  # names come from addresses too
def kind(model: type[Record], name: str) -> Kind | None:
    """Return the kind of the attribute `name` of `model`, or None if it is missing or hidden.

    Raises DeclarationError with the cure if the column has no kind.
    """
    mapper = inspect(model)
    if name in mapper.relationships:
        return kinds.named("many" if mapper.relationships[name].uselist else "one")
    if name in model.__derived__:
        return kinds.named("derived")
    if name in mapper.column_attrs:
        if not is_column(model, name):
            return None
        try:
            return kinds.of(column(model, name))
        except DeclarationError as error:
            where = f"{place_of(model)}{model.__name__}.{name}"
            raise DeclarationError(f"{where}: {error}") from None
    is_computed = name in mapper.all_orm_descriptors and not name.startswith("_")
    return kinds.named("computed") if is_computed else None


def is_column(model: type[Record], name: str) -> bool:
    """Return whether a mapped attribute is a column, and not made of several, as a key may be."""
    mapped = inspect(model).column_attrs[name].columns[0]
    return isinstance(mapped, Column) or name in model.__described__


def shape(model: type[Record], name: str) -> str:
    """Return the shape of the filter by the attribute, or '' if no list can be filtered by it."""
    what = kind(model, name)
    return what.shape if what else ""


def is_one(model: type[Record], name: str) -> bool:
    """Return whether the attribute is one related row."""
    return kind(model, name) is kinds.named("one")


def is_many(model: type[Record], name: str) -> bool:
    """Return whether the attribute is several related rows."""
    return kind(model, name) is kinds.named("many")


def is_file(model: type[Record], name: str) -> bool:
    """Return whether the attribute is a file, or several."""
    return isinstance(kind(model, name), File)


@cache
def files_of(model: type[Record]) -> tuple[str, ...]:
    """Return the attributes that hold files, hidden ones among them."""
    attributes = inspect(model).column_attrs
    return tuple(a.key for a in attributes if isinstance(a.columns[0].type, FilesType))


@cache
def relation(model: type[Record], name: str) -> RelationshipProperty[Record]:
    """Return the relationship called `name`."""
    return inspect(model).relationships[name]


def related_model(model: type[Record], name: str) -> type[Record]:
    """Return the model at the other end of the relationship called `name`."""
    return relation(model, name).mapper.class_


@lru_cache(maxsize=1024)  # names come from addresses too
def told_of(model: type[Record], name: str) -> type[Record] | None:
    """Return the model whose rows the attribute tells something about, if it is not its own.

    It is the one at the other end of a relationship, or of the table that the column's `info`
    names as `tells_of`.
    """
    mapper = inspect(model)
    if name in mapper.relationships:
        return related_model(model, name)
    if name not in mapper.column_attrs or not is_column(model, name):
        return None
    table = column(model, name).info.get("tells_of")
    return next((record for record in records() if record.__tablename__ == table), None)


def column(model: type[Record], name: str) -> TableColumn:
    """Return the table column behind the attribute `name`."""
    if name in model.__described__:
        return model.__described__[name]
    found = inspect(model).column_attrs[name].columns[0]
    assert isinstance(found, Column)
    return found


def attribute(model: type[Record], name: str) -> InstrumentedAttribute[object]:
    """Return the attribute called `name`, to build SQL with."""
    mapped: InstrumentedAttribute[object] = getattr(model, name)
    return mapped


def choices(model: type[Record], name: str) -> tuple[str, ...]:
    """Return the values that a choice, or a list of them, may have, as they are written."""
    if name in model.__derived__:
        return model.__derived__[name]
    what = kind(model, name)
    assert isinstance(what, Choice | Countries)
    return what.values(column(model, name))


def colour(model: type[Record], name: str, value: object) -> str:
    """Return the colour of a value of a choice, or '' if it has none."""
    if name in model.__derived__:
        colours = model.__derived_colours__.get(name)
        return colours.get(str(value), "grey") if colours else ""
    what = kind(model, name)
    return what.colour(column(model, name), value) if isinstance(what, Choice) else ""


def label(model: type[Record], name: str, value: object) -> str:
    """Return the word for a value of a choice, and the default word for any other value.

    Of files, the value is that of a filter: whether there are any.
    """
    what = kind(model, name)
    if isinstance(what, File):
        return what.label(str(value))
    if isinstance(what, Choice | Countries) and name not in model.__derived__:
        return what.label(column(model, name), value)
    return heading(str(value))


@cache
def writer(
    model: type[Record], name: str, way: Literal["export", "note", "plain"]
) -> Callable[[object], object]:
    """Return the function that writes values of the attribute in one of the ways of its kind."""
    what = kind(model, name)
    if what is None or name not in inspect(model).column_attrs:
        return lambda value: value
    return partial(_written, getattr(what, way), column(model, name))


def _written(
    write: Callable[[TableColumn, object], object], column: TableColumn, value: object
) -> object:
    return str(value) if isinstance(value, Unreadable) else write(column, value)


@cache
def key_of(model: type[Record], name: str) -> InstrumentedAttribute[str] | None:
    """Return the attribute that holds the key of the text `name`, if it has one."""
    key_name = name + SUFFIX
    if (
        not model.__folds__
        or not isinstance(kind(model, name), Text)
        or key_name not in inspect(model).column_attrs
    ):
        return None
    key: InstrumentedAttribute[str] = getattr(model, key_name)
    return key


def is_required(model: type[Record], name: str) -> bool:
    """Return whether a form has to fill it in: the column is NOT NULL and has no default."""
    if name in inspect(model).relationships:
        return is_one(model, name) and not any(map(_may_be_empty, _own_keys(model, name)))
    is_answered = kind(model, name) is kinds.named("boolean")
    return not is_answered and not _may_be_empty(column(model, name))


def _own_keys(model: type[Record], name: str) -> list[TableColumn]:
    """Return the foreign keys of a row that point to its one related row."""
    return [key for key in relation(model, name).local_columns if isinstance(key, Column)]


@cache
def key_attributes(model: type[Record]) -> tuple[str, ...]:
    """Return the columns and relations that tell the rows of an existing table apart."""
    own = set(model.__key_columns__)
    names = [name for name in visible(model) if column(model, name) in own]
    single = [name for name in relations(model) if is_one(model, name)]
    return (*names, *(name for name in single if own & set(_own_keys(model, name))))


@cache
def own_keys(model: type[Record], name: str) -> list[TableColumn] | None:
    """Return the foreign keys that refer to the one related row, in the order of its key.

    None if they refer to something else than its key.
    """
    pairs = relation(model, name).local_remote_pairs or ()
    own: dict[Any, Any] = {remote: local for local, remote in pairs}
    target = row_keys.columns(related_model(model, name))
    return [own[column] for column in target] if own.keys() == set(target) else None


def _may_be_empty(column: TableColumn) -> bool:
    return bool(column.nullable or has_default(column))


def is_made_by_database(model: type[Record], name: str) -> bool:
    """Return whether the database takes no value for a column, because it makes one itself."""
    if name not in inspect(model).column_attrs or not is_column(model, name):
        return False
    made = column(model, name)
    return made.computed is not None or bool(made.identity and made.identity.always)


def has_default(column: TableColumn) -> bool:
    """Return whether a row gets a value that nobody gave: of ours, or of an existing table."""
    is_existing = column.info.get(EXISTING, False)
    return column.default is not None or (is_existing and column.server_default is not None)


@cache
def visible(model: type[Record]) -> tuple[str, ...]:
    """Return the columns of `model` that may be shown, in the table's order, no foreign keys."""
    return tuple(
        attribute.key
        for attribute in inspect(model).column_attrs
        if kind(model, attribute.key) and not _is_shown_as_row(model, attribute.key)
    )


def _is_shown_as_row(model: type[Record], name: str) -> bool:
    """Return whether the column belongs to a relation, which is shown instead.

    Existing tables may have foreign keys for which their model has no relation.
    """
    key = column(model, name)
    if not key.foreign_keys or not key.info.get(EXISTING):
        return bool(key.foreign_keys)
    return any(key in each.local_columns for each in inspect(model).relationships)


@cache
def relations(model: type[Record]) -> tuple[str, ...]:
    """Return the relationships of `model` to rows that people see."""
    relationships = inspect(model).relationships
    return tuple(
        name
        for name, relationship in relationships.items()
        if issubclass(relationship.mapper.class_, Record) and FOR_FILTERS not in relationship.info
    )


def lowest(model: type[Record], name: str) -> object:
    """Return a value that sorts before every other one, to stand for NULL."""
    what = kind(model, name)
    return what.lowest(column(model, name)) if what else ""


def ordered(model: type[Record], name: str) -> Expression:
    """Return the expression that lists are ordered by.

    It is never NULL. Thus (expression, id) is a single comparison, which an index can serve.
    """
    ordering: Expression = attribute(model, name).expression
    if isinstance(ordering.type, Enum):  # by the words that are stored, of which '' is the first
        ordering = cast(ordering, String)
    if not column(model, name).nullable:
        return ordering
    least = bindparam(None, lowest(model, name), type_=ordering.type, literal_execute=True)
    return func.coalesce(ordering, least)


@cache
def in_order(model: type[Record], name: str) -> bool:
    """Return whether an index has the rows in the order of the column, and then of their ids."""
    if name == "id":
        return True
    first = column(model, name)
    if model.__key_columns__:
        return first in model.__key_columns__[:1]
    table = inspect(model).local_table
    if first.nullable or not isinstance(table, Table):
        return False
    wanted = [first, table.c.id]
    return any(list(index.expressions)[:2] == wanted for index in table.indexes)


@cache
def is_unique(model: type[Record], name: str) -> bool:
    """Return whether no two rows have the same value of the attribute, or the same key of it."""
    mapper = inspect(model)
    if is_one(model, name):
        return any(map(_is_unique, _own_keys(model, name)))
    names = (name, name + SUFFIX, name + LOOKS)
    return any(_is_unique(column(model, each)) for each in names if each in mapper.column_attrs)


def _is_unique(column: TableColumn) -> bool:
    table = column.table
    if column.unique or not isinstance(table, Table):
        return bool(column.unique)
    keys: list[UniqueConstraint | PrimaryKeyConstraint | Index] = [
        *(each for each in table.constraints if isinstance(each, KEYS)),
        *(index for index in table.indexes if index.unique),
    ]
    return any(list(key.columns) == [column] for key in keys)


def has_index(model: type[Record], name: str) -> bool:
    """Return whether an index begins with the column, and so finds a few of its values."""
    table = inspect(model).local_table
    if not isinstance(table, Table):
        return False
    first = column(model, name)
    is_unique = bool(first.unique or first.primary_key)
    return is_unique or any(list(index.expressions)[:1] == [first] for index in table.indexes)


def heading(name: str) -> str:
    """Return the default heading of an attribute, in the reader's language.

    That of `created_at` is 'Created at'. The command `translations` collects the headings of all
    attributes (commands/translations.py).
    """
    return _(english_heading(name)) if name else ""


def english_heading(name: str) -> str:
    """Return the default heading of an attribute as translators read it."""
    return "ID" if name == "id" else worded(name.removesuffix("_id"))
