"""The table of kinds: what a column's values mean, each kind said in one place.

A kind that is declared anywhere as a subclass of Kind, with a name, belongs to the table. It may
import the ground, `text` and other kinds.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import TypeDecorator
from sqlalchemy.types import TypeEngine

from backoffice.models.kinds.kind import SHAPES, Kind, part_of
from backoffice.models.kinds.texts import Text
from backoffice.models.types import TableColumn
from backoffice.places import DeclarationError

__all__ = ["LONG_TEXT", "SHAPES", "Kind", "named", "of", "part_of", "table"]

LONG_TEXT = 255  # characters; a longer text may have several lines

# A file of kinds in this folder is found by itself.
for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")


@cache
def table() -> dict[str, Kind]:
    """Return every kind by its name."""
    return {cls.name: cls() for cls in _subclasses(Kind) if "name" in vars(cls)}


def _subclasses(cls: type[Kind]) -> list[type[Kind]]:
    """Return all classes below `cls`, each one after the one that it is derived from."""
    found = []
    for subclass in cls.__subclasses__():
        found += [subclass, *_subclasses(subclass)]
    return found


def named(name: str) -> Kind:
    """Return the kind of this name. Raises DeclarationError with the names that there are."""
    kinds = table()
    if name not in kinds:
        raise DeclarationError(f"there is no kind {name!r}: use one of {', '.join(sorted(kinds))}")
    return kinds[name]


def of(column: TableColumn) -> Kind | None:
    """Return the kind of a column's values, or None if people never see them.

    Raises DeclarationError with the cure if there is no such kind.
    """
    if column.info.get("hidden"):
        return None
    if said := column.info.get("kind"):
        return named(said)
    if "choices" in column.info:
        return named("choice")
    kind = _of_type(column.type)
    if isinstance(kind, Text) and not kind.lines and _is_long(column):
        return named("long_text")
    return kind


def _of_type(column_type: TypeEngine[object] | type[TypeEngine[object]]) -> Kind:
    """Return the kind that the nearest base class of a column's type belongs to."""
    by_type = {cls: kind for kind in table().values() for cls in vars(type(kind)).get("types", ())}
    for cls in type(column_type).__mro__:
        if cls in by_type:
            return by_type[cls]
    if isinstance(column_type, TypeDecorator):
        return _of_type(column_type.impl)
    raise DeclarationError(
        f"a column of type {type(column_type).__name__} has no kind: say one, "
        'column(kind="..."), or hide it, column(hidden=True)'
    )


def _is_long(column: TableColumn) -> bool:
    length = getattr(column.type, "length", None)
    return length is None or length > LONG_TEXT
