"""Key tokens: keys that are no whole numbers, as texts that fit into an address.

A token is `~` and the values of the key with a comma in between. Every character that an address
might read otherwise is written as `~` and its bytes in hexadecimal.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Enum, SmallInteger
from sqlalchemy.types import TypeEngine

from backoffice.models.unreadable import Unreadable, WrittenTime
from backoffice.text import MAX_ID

MARK = "~"
BETWEEN = ","
LONGEST = 16_000  # characters
PATTERN = rf"~[A-Za-z0-9_.,~-]{{0,{LONGEST - 1}}}"
PLAIN = re.compile(r"[A-Za-z0-9_.-]")
ESCAPED = re.compile(r"((?:~[0-9A-F]{2})+)")
WELL_FORMED = re.compile(r"(?:[A-Za-z0-9_.-]|~[0-9A-F]{2})*")


def token(values: Iterable[object]) -> str:
    """Return the token of a key.

    >>> token(["A/17"]), token(["DE", 4])
    ('~A~2F17', '~DE,4')
    """
    return MARK + BETWEEN.join(_escaped(_text(value)) for value in values)


def texts_of(key: str) -> list[str]:
    """Return the values in a token, as texts. Raises ValueError if it is no token."""
    parts = key.removeprefix(MARK).split(BETWEEN)
    if not key.startswith(MARK) or not all(map(WELL_FORMED.fullmatch, parts)):
        raise ValueError("no token")
    return [ESCAPED.sub(lambda found: _bytes(found[0]).decode(), part) for part in parts]


def _escaped(text: str) -> str:
    return "".join(
        letter if PLAIN.match(letter) else "".join(f"{MARK}{byte:02X}" for byte in letter.encode())
        for letter in text
    )


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace(MARK, ""))


def _text(value: object) -> str:
    if isinstance(value, WrittenTime) and value.written:
        return value.written
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def can_hold(type_: TypeEngine[Any]) -> bool:
    """Return whether a token can hold values of a column of this type."""
    try:
        return type_.python_type in READERS
    except NotImplementedError:  # as of a type that SQLAlchemy does not know
        return False


def values(types: Sequence[TypeEngine[Any]], key: str) -> list[object]:
    """Return the values in a token as the columns have them. Raises ValueError if they do not."""
    texts = texts_of(key)
    if len(texts) != len(types) or len(key) > LONGEST:
        raise ValueError("not that many columns")
    return [_value(type_, text) for type_, text in zip(types, texts, strict=True)]


def _value(type_: TypeEngine[Any], text: str) -> object:
    if getattr(type_, "ignores_blanks", False):
        text = text.rstrip(" ")  # so that one row has one key
    read = READERS.get(type_.python_type)
    if read is None:
        raise ValueError("no key")
    if isinstance(type_, Enum) and text not in type_.enums:
        raise ValueError("none of the values")
    value = Unreadable(text) if text in UNREAD.get(type_.python_type, ()) else read(text)
    if isinstance(value, int) and abs(value) > _largest(type_):
        raise ValueError("too large a number")
    return value


def _largest(type_: TypeEngine[Any]) -> int:
    if isinstance(type_, BigInteger):
        return MAX_ID
    return 2**15 - 1 if isinstance(type_, SmallInteger) else 2**31 - 1


def _written(text: str) -> str:
    """Return a text that databases can hold. Raises ValueError for any other."""
    if "\0" in text:
        raise ValueError("NUL")
    return text.encode("utf-8", "strict").decode()


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII):
        raise ValueError("no whole number")
    return int(text)


def _decimal(text: str) -> Decimal:
    number = Decimal(text[:60])
    if not number.is_finite() or abs(number.adjusted()) > LONGEST:
        raise ValueError("no number")
    return number


def _moment(text: str) -> datetime:
    """Return a time, which SQLite is asked for as it is written."""
    found = datetime.fromisoformat(text)
    moment = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    return moment if moment.isoformat() == text else WrittenTime.of(moment, text)


# What PostgreSQL has in columns of these types, and Python does not.
UNREAD: dict[type, tuple[str, ...]] = {
    date: ("infinity", "-infinity"),
    datetime: ("infinity", "-infinity"),
}
READERS: dict[type, Callable[[str], object]] = {
    str: _written,
    int: _whole,
    Decimal: _decimal,
    UUID: UUID,
    date: date.fromisoformat,
    datetime: _moment,
}
