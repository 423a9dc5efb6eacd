"""Unreadable values: what a column of an existing table has, and its type cannot read.

SQLite keeps any text in a column of any type, and PostgreSQL knows dates that Python does not, such
as `infinity`. Such a value is shown as the database writes it, and stays as it is unless somebody
writes another one.
"""

import json
import math
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import Buffer, Loader
from sqlalchemy import JSON, Dialect, Engine, TypeDecorator, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import String, TypeEngine

Read = Callable[[Any], Any]
# What reading a value raises if it is none of its type.
NOT_READ = (ValueError, TypeError, ArithmeticError, AttributeError, LookupError)
# What PostgreSQL knows and Python does not.
TIMES = ("date", "timestamp", "timestamptz", "time", "timetz")
WORDS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)


class Unreadable(str):
    """A value that its column's type cannot read, as the database writes it."""

    __slots__ = ()


class WrittenTime(datetime):
    """A time that SQLite keeps in another way than it is written to it, as the text `written`."""

    written = ""

    @classmethod
    def of(cls, moment: datetime, written: str) -> "WrittenTime":
        """Return the moment with the text that it was read from."""
        day, clock = moment.date(), moment.timetz()
        own = cls.combine(day, clock)
        own.written = written
        return own


class Tolerant:
    """A mixin of types: what cannot be read is an Unreadable, which is written as it is."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Read:
        """Return the function that reads a value."""
        try:
            read = super().result_processor(dialect, coltype)  # type: ignore[misc]  # of a type
        except InvalidRequestError:  # the column has got another type since the start
            read = None
        is_sqlite = dialect.name == "sqlite"
        return _reading(
            read,
            _python_of(self),  # type: ignore[arg-type]  # it joins a type
            keeps_text=is_sqlite,
        )

    def bind_processor(self, dialect: Dialect) -> Read:
        """Return the function that writes a value."""
        write = super().bind_processor(dialect)  # type: ignore[misc]  # of a type
        is_sqlite = dialect.name == "sqlite"

        def process(value: Any) -> Any:
            if isinstance(value, Unreadable):
                return str(value)
            if is_sqlite and isinstance(value, WrittenTime) and value.written:
                return value.written
            return write(value) if write else value

        return process


class TolerantType(Tolerant, TypeDecorator[Any]):
    """A type that reads as another one does, and tolerates what that one cannot read."""

    impl = String
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    @property
    def python_type(self) -> type:
        return _python_of(self.of)

    def load_dialect_impl(self, _dialect: Dialect) -> TypeEngine[Any]:
        return self.of


def tolerant(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type, which from now on tolerates what it cannot read."""
    try:
        is_known = _python_of(type_) in FITTING
    except NotImplementedError:  # as of a type that SQLAlchemy does not know
        return type_
    if not is_known or isinstance(type_, Tolerant):
        return type_
    return type_.with_variant(TolerantType(type_), "sqlite", "postgresql")


def _python_of(type_: TypeEngine[Any]) -> type:
    return dict if isinstance(type_, JSON) else type_.python_type


def read_tolerantly() -> None:
    """Have each new connection read what existing tables may have, from now on."""
    if not event.contains(Engine, "connect", _prepare):
        event.listen(Engine, "connect", _prepare)


def _reading(read: Read | None, python: type, *, keeps_text: bool) -> Read:
    """Return the function that reads a value, or else returns it as an Unreadable."""
    fits = FITTING[python]

    def process(value: Any) -> Any:
        if value is None or isinstance(value, Unreadable):
            return value
        try:
            found = read(_as_number(value) if python is Decimal else value) if read else value
            if not fits(found, value):
                return Unreadable(_raw(value))
        except NOT_READ:
            return Unreadable(_raw(value))
        if keeps_text and python is datetime:
            return _with_text(found, value)
        return found

    return process


def _with_text(moment: datetime, text: str) -> datetime:
    """Return the moment, with its text if SQLAlchemy would write another one."""
    written = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return moment if written == text else WrittenTime.of(moment, text)


def _as_number(value: Any) -> Any:
    """Return a number that is kept as a text, such as one in the key of a run's row."""
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


def _raw(value: Any) -> str:
    """Return a value as the database writes it, with all that a page cannot have as an escape."""
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    text = str(value).replace("\0", r"\x00")
    text = text.encode(errors="backslashreplace").decode()
    return WORDS.get(text.lower(), text)


def _is_document(found: Any, _raw: Any) -> bool:
    """Return whether a document can be sent: JSON has texts that no encoding has."""
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    return True


# By the type of values in Python: whether what was read, from which raw value, is one.
FITTING: dict[type, Callable[[Any, Any], bool]] = {
    str: lambda found, _raw: isinstance(found, str) and "\0" not in found,
    int: lambda found, _raw: type(found) is int,
    float: lambda found, _raw: isinstance(found, float | int) and math.isfinite(found),
    Decimal: lambda found, _raw: isinstance(found, Decimal) and found.is_finite(),
    # SQLAlchemy takes any number, and any text, for yes.
    bool: lambda found, raw: isinstance(found, bool) and found == raw,
    date: lambda found, _raw: isinstance(found, date),
    datetime: lambda found, _raw: isinstance(found, datetime),
    time: lambda found, _raw: isinstance(found, time),
    UUID: lambda found, _raw: isinstance(found, UUID),
    dict: _is_document,
}


def _prepare(connection: Any, _record: ConnectionPoolEntry) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.text_factory = _text
        return
    for name in TIMES:
        oid = connection.adapters.types[name].oid
        loader = connection.adapters.get_loader(oid, psycopg.pq.Format.TEXT)
        connection.adapters.register_loader(name, _tolerant_loader(loader))


def _text(data: bytes) -> str:
    """Return a text of SQLite, which may have any bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Unreadable(data.decode(errors="backslashreplace"))


def _tolerant_loader(loader: type[Loader]) -> type[Loader]:
    """Return what reads a value of PostgreSQL as `loader` does, if that can."""

    class TolerantLoader(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._load = loader(oid, context).load

        def load(self, data: Buffer) -> Any:
            try:
                return self._load(data)
            except (psycopg.DataError, *NOT_READ):
                return Unreadable(bytes(data).decode())

    return TolerantLoader
