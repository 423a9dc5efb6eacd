"""What is left of a person who is deleted, as the columns and foreign keys themselves say.

- A row with a foreign key to people that says ON DELETE CASCADE belongs to the person and goes with them, whole.
- Everything else that the product knows about people is in columns, and each says `info={"personal": ...}`: True, and
  it is emptied; False, and it stays; "address", and its row goes where it holds an address or login of the person.
- What other rows say of a person by number, such as who created them, stays: the number is what is left.

An entity of a company's own need not say anything: its columns are about the entity.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper

from backoffice.models.base import Base, Entity
from backoffice.models.user import User

EMPTY = {str: "", list: [], dict: {}, bool: False, int: 0}
# A column, and the one that says whose row it is, if there is one.
Owned = tuple[Column[Any], Column[Any] | None]
SAID = (True, False, "address")


def belongings() -> Sequence[Column[Any]]:
    """The foreign keys whose rows belong to a person, tables that others point at last."""
    return [
        column
        for table in reversed(Base.metadata.sorted_tables)
        for column in table.columns
        if _owns(column)
    ]


def belongs(model: type[Base]) -> bool:
    """Whether rows of `model` are people, or belong to one: they are called by number where they might be kept."""
    return model is User or any(_owns(column) for column in model.__table__.columns)


def columns(model: type[Base], said: object = True) -> list[str]:
    """The attributes of `model` that say so of themselves."""
    return [
        name for name, column in _attributes(inspect(model)) if column.info.get("personal") == said
    ]


def by_address() -> Iterator[Owned]:
    """Columns that hold somebody's address or login."""
    return _owned(lambda column: column.info.get("personal") == "address")


def uploads() -> Iterator[Owned]:
    """Columns that hold the key of an uploaded file."""
    return _owned(lambda column: bool(column.info.get("upload")))


def _owned(wanted: Callable[[Column[Any]], bool]) -> Iterator[Owned]:
    for mapper in _mappers():
        table = mapper.class_.__table__
        owner = table.c.id if mapper.class_ is User else next(filter(_owns, table.columns), None)
        yield from ((column, owner) for _, column in _attributes(mapper) if wanted(column))


@cache
def emptied(model: type[Base]) -> dict[str, Any]:
    """The values that personal columns of `model` have once the person is deleted."""
    table = inspect(model).column_attrs
    return {name: _emptied(table[name].columns[0]) for name in columns(model)}


def check() -> None:
    """Refuse to start where a column that may be personal does not say so, or could not be emptied."""
    faults = [fault for mapper in _mappers() for fault in _faults(mapper)]
    if faults:
        raise TypeError("\n".join(faults))


def _faults(mapper: Mapper[Any]) -> Iterator[str]:
    model = mapper.class_
    must_say = model is User or not (issubclass(model, Entity) or belongs(model))
    for name, column in _attributes(mapper):
        said = column.info.get("personal")
        where = f"{model.__tablename__}.{name}"
        if must_say and said not in SAID and not (column.primary_key or column.foreign_keys):
            yield f"{where} must say whether it is personal, as models/personal.py has it: info={{'personal': False}}."
        if must_say and said is True:
            try:
                _emptied(column)
            except LookupError:
                yield f"{where} is personal and cannot be emptied: let it be NULL, or give it a default."


def _emptied(column: Any) -> Any:
    """Nothing, else the default, else what is empty of its kind; `info` may say otherwise. Raises LookupError."""
    if "emptied" in column.info:
        return column.info["emptied"]
    if column.nullable:
        return None
    if column.unique:
        raise LookupError
    default: Any = column.default
    if default is not None:
        return default.arg(None) if default.is_callable else default.arg
    return EMPTY[column.type.python_type]


def _owns(column: Any) -> bool:
    """Whether the column says to whom its row belongs."""
    return any(
        key.column.table is User.__table__ and key.ondelete == "CASCADE"
        for key in column.foreign_keys
    )


def _attributes(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    for attribute in mapper.column_attrs:
        found = attribute.columns[0]
        if isinstance(found, Column):
            yield attribute.key, found


def _mappers() -> list[Mapper[Any]]:
    return sorted(Base.registry.mappers, key=lambda mapper: str(mapper.class_.__tablename__))
