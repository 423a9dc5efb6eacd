"""Cursors: the place of a row in the order of a list, as text in the address of the next page."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, literal, tuple_

from backoffice.data import filters
from backoffice.errors import BadRequest
from backoffice.text import MAX_ID


def packed(row: Row[Any]) -> str:
    """The cursor of a row, which has its `sort_key` and `id`."""
    value = row.sort_key.isoformat() if isinstance(row.sort_key, date) else row.sort_key
    value = value if isinstance(value, (str, int, float)) else str(value)
    return base64.urlsafe_b64encode(json.dumps([value, row.id]).encode()).decode().rstrip("=")


def unpacked(key: ColumnElement[Any], cursor: str) -> Any:
    """The place a cursor stands for; whatever somebody may have put into it, never an error of the database.

    Raises BadRequest if it is not one of ours.
    """
    try:
        value, row_id = json.loads(
            base64.urlsafe_b64decode(cursor[:2000] + "=" * (-len(cursor) % 4))
        )
        if type(row_id) is not int or abs(row_id) > MAX_ID:
            raise ValueError
        return tuple_(literal(_typed(key.type.python_type, value), key.type), literal(row_id))
    except (ValueError, TypeError, ArithmeticError, binascii.Error, RecursionError):
        raise BadRequest(
            "This page address is incomplete; go back to the first page.", field="after"
        ) from None


def _typed(python: type, value: Any) -> Any:
    """The value as the column has it; times and Decimal travel as text. Raises what `_unpacked` catches."""
    if isinstance(value, str) and python in PARSERS:
        return PARSERS[python](value)
    fits = type(value) is python or (python is float and type(value) is int)
    if not fits or (python in (int, float) and not abs(value) <= MAX_ID):
        raise ValueError
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _plain(text: str) -> str:
    """A text that the database can hold: no half characters, no NUL."""
    return text.encode("utf-8", "strict").decode().replace("\0", "")


PARSERS: dict[type, Callable[[str], Any]] = {
    datetime: _moment,
    date: date.fromisoformat,
    Decimal: filters.decimal,
    str: _plain,
}
