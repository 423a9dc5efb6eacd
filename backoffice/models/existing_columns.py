"""The columns of existing tables: their types as both engines have them, and their attributes."""

import keyword
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CHAR, Cast, DateTime, Dialect, Integer, Table, TypeDecorator, cast
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.types import TypeEngine

from backoffice.models.base import Entity
from backoffice.models.columns import EXISTING
from backoffice.models.mapping import described
from backoffice.models.types import TableColumn, UTCDateTime
from backoffice.models.unreadable import Tolerant, tolerant

# What a form of WTForms has itself, so that no field can be called so (forms/base.py).
OF_FORMS = frozenset(
    {
        *("asked_for", "condition_of", "csrf_token", "data", "errors", "form_errors", "meta"),
        *(
            "names",
            "of_files",
            "only",
            "populate_obj",
            "post_process",
            "process",
            "refuse",
            "required_when",
        ),
        *("retry_after", "secrets", "sections", "sent", "shown_when", "validate", "validate_sent"),
    }
)
OF_ENTITIES = frozenset(name for name in dir(Entity) if not name.startswith("_"))
FREE = frozenset({"created_at", "updated_at"})  # of an Entity, but not of an External


class NaiveUTC(Tolerant, TypeDecorator[datetime]):
    """Times that the database keeps without a zone, taken as UTC."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class AwareUTC(Tolerant, UTCDateTime):
    """Times that the database keeps with a zone."""

    cache_ok = True


class Padded(Tolerant, TypeDecorator[str]):
    """Texts of a fixed length, without the blanks that the database adds to them."""

    impl = CHAR
    cache_ok = True
    ignores_blanks = True  # at the end of a text, when it is compared

    @property
    def python_type(self) -> type[str]:
        return str

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        return value.rstrip(" ") if value else value

    def bind_expression(self, bindvalue: Any) -> Cast[Any]:
        """Compare it as what it is: an index over the column does not serve a text."""
        length: int = self.impl_instance.length  # type: ignore[attr-defined]  # it is a CHAR
        return cast(bindvalue, CHAR(length))


def fit(column: TableColumn, engine: str = "") -> None:
    """Give a column a type that reads alike on both engines, once for all models of its table.

    `engine` is its own, if known.
    """
    if not column.info.get(EXISTING):
        column.type = fitting(column.type, engine)
        described(column)


def fitting(type_: TypeEngine[Any], engine: str = "") -> TypeEngine[Any]:
    """Return a type that reads alike on both engines, and tolerates what it cannot read."""
    if type(type_).__module__.startswith("sqlalchemy.dialects.sqlite"):
        type_ = type_.as_generic()
    if isinstance(type_, DOMAIN):
        return fitting(type_.data_type, engine)
    if type(type_) is UTCDateTime or (isinstance(type_, DateTime) and type_.timezone):
        return AwareUTC()
    if isinstance(type_, DateTime):
        return NaiveUTC()
    if isinstance(type_, CHAR) and engine != "sqlite":  # which adds no blanks
        return Padded(type_.length)
    return tolerant(type_)


def attribute_names(
    table: Table, columns: Iterable[TableColumn], taken: Iterable[str] = ()
) -> dict[str, str]:
    """Return the name of the attribute for each of some columns, by the column's name.

    A whole number that is the whole key keeps the name `id`, as every entity has it.
    """
    names: dict[str, str] = {}
    used = set(taken)
    for column in columns:
        name = attribute_name(str(column.name))
        if name == "id_" and [*table.primary_key] == [column] and isinstance(column.type, Integer):
            name = "id"
        while name in used:
            name += "_"
        used.add(name)
        names[str(column.name)] = name
    return names


def attribute_name(column: str) -> str:
    """Return the name of the attribute for a column of an existing table.

    >>> attribute_name("KDNR"), attribute_name("Name 1"), attribute_name("version")
    ('kdnr', 'name_1', 'version_')
    """
    plain = unicodedata.normalize("NFKD", column.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    name = re.sub(r"\W+", "_", letters, flags=re.ASCII).strip("_") or "column"
    if name[0].isdigit():
        name = f"column_{name}"
    is_taken = name in OF_FORMS or (name in OF_ENTITIES and name not in FREE)
    return f"{name}_" if is_taken or keyword.iskeyword(name) else name
