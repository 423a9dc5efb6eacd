"""Determines what is deleted with a person, from the models' columns and foreign keys.

- A row with a foreign key to users that says ON DELETE CASCADE belongs to the person, and is
  deleted with them.
- Every other column that may hold personal data says `info={"personal": ...}`. With True it is
  emptied; with False it stays; with "address" the row is deleted if the column holds an address or
  login of the person.
- A client is erased in the same way, with what belongs to them (clients/erasure.py).
- References to a person by id, such as who created a row, stay: only the id is left of the person.

Entities that a company adds need not say anything: their columns are about the entity.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, inspect
from sqlalchemy.orm import Mapper

from backoffice.models.base import Base, Entity
from backoffice.models.client import Client
from backoffice.models.columns import EXISTING
from backoffice.models.files import FilesType
from backoffice.models.types import TableColumn
from backoffice.models.user import User
from backoffice.places import DeclarationError

EMPTY = {str: "", list: [], dict: {}, bool: False, int: 0}
# A column, and the column that holds the user's id in the same row, if there is one.
Owned = tuple[TableColumn, TableColumn | None]
SAID = (True, False, "address")
ERASED = (
    User,
    Client,
)  # whose rows stay when they are deleted, with their personal columns emptied


def belongings() -> Sequence[TableColumn]:
    """Return the foreign keys of rows that belong to a person.

    They are in the order in which the rows can be deleted: tables that others refer to come last.
    """
    tables = reversed(Base.metadata.sorted_tables)
    return [column for table in tables for column in table.columns if _owns(column)]


def belongs(model: type[Base]) -> bool:
    """Return whether rows of `model` are people or clients, or belong to a person.

    Texts that may be kept call such rows by their id.
    """
    return model in ERASED or any(_owns(column) for column in model.__table__.columns)


def columns(model: type[Base], said: object = True) -> list[str]:
    """Return the attributes of `model` whose columns have this value of `personal`."""
    attributes = _attributes(inspect(model))
    return [name for name, column in attributes if column.info.get("personal") == said]


def by_address() -> Iterator[Owned]:
    """Yield the columns that hold an address or login of a person."""
    return _owned(lambda column: column.info.get("personal") == "address")


def upload_columns() -> Iterator[Owned]:
    """Yield the columns that refer to uploaded files (data/uploaded_files.py)."""
    return _owned(holds_files)


def holds_files(column: TableColumn) -> bool:
    """Return whether the column refers to uploaded files."""
    return bool(column.info.get("upload")) or isinstance(column.type, FilesType)


def _owned(wanted: Callable[[TableColumn], bool]) -> Iterator[Owned]:
    for mapper in _mappers():
        owner = _owner(mapper)
        for _name, column in _attributes(mapper):
            if wanted(column):
                yield column, owner


def _owner(mapper: Mapper[Base]) -> TableColumn | None:
    """Return the column that holds the id of the user whom a row is about or belongs to."""
    table: Any = mapper.class_.__table__
    if mapper.class_ is User:
        own_id: TableColumn = table.c.id
        return own_id
    return next(filter(_owns, table.columns), None)


@cache
def emptied(model: type[Base]) -> dict[str, object]:
    """Return the values that the personal columns of `model` get when the person is deleted."""
    names = columns(model)
    attributes = _attributes(inspect(model))
    return {name: _emptied(column) for name, column in attributes if name in names}


def check() -> None:
    """Raise DeclarationError if a column does not say what is personal, or cannot be emptied."""
    faults = [fault for mapper in _mappers() for fault in _faults(mapper)]
    if faults:
        raise DeclarationError("\n".join(faults))


def _faults(mapper: Mapper[Base]) -> Iterator[str]:
    """Yield a sentence for every fault in the columns of a model."""
    model = mapper.class_
    if model not in ERASED and (issubclass(model, Entity) or belongs(model)):
        return
    for name, column in _attributes(mapper):
        said = column.info.get("personal")
        where = f"{model.__tablename__}.{name}"
        if said not in SAID and not (column.primary_key or column.foreign_keys):
            yield (
                f"{where} must say whether it is personal, as models/personal.py has it: "
                "info={'personal': False}."
            )
        if said is True and not _can_be_emptied(column):
            yield (
                f"{where} is personal and cannot be emptied: let it be NULL, or give it a default."
            )


def _can_be_emptied(column: TableColumn) -> bool:
    try:
        _emptied(column)
    except LookupError:
        return False
    return True


def _emptied(column: TableColumn) -> object:
    """Return the value that stands for nothing in this column.

    It is what `info` gives as `emptied`, else NULL, else the default, else the empty value of the
    column's type. Raises LookupError if there is none, as in a unique column.
    """
    if "emptied" in column.info:
        return column.info["emptied"]
    if column.nullable:
        return None
    if column.unique:
        raise LookupError
    default: Any = column.default
    if default is None:
        return EMPTY[column.type.python_type]
    # SQLAlchemy passes the statement's context to callable defaults; ours do not need it.
    return default.arg(None) if default.is_callable else default.arg


def _owns(column: ColumnElement[object]) -> bool:
    """Return whether the column holds the id of the user whom its row belongs to."""
    if getattr(column, "info", {}).get(EXISTING):  # what is in others' tables is theirs
        return False
    return any(
        key.column.table is User.__table__ and key.ondelete == "CASCADE"
        for key in column.foreign_keys
    )


def _attributes(mapper: Mapper[Base]) -> Iterator[tuple[str, TableColumn]]:
    """Yield the attributes that are columns of the table, with their columns."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column):
            yield attribute.key, column


def _mappers() -> list[Mapper[Base]]:
    return sorted(Base.registry.mappers, key=lambda mapper: str(mapper.class_.__tablename__))
