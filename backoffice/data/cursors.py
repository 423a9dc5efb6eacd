"""Write and read cursors: the place of a row in a list, as text in the address of the next page."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Tuple, literal, select, tuple_

from backoffice.data import conditions
from backoffice.errors import BadRequest
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.models.types import Expression
from backoffice.models.unreadable import Unreadable, WrittenTime
from backoffice.text import MAX_ID

LONGEST = 4000  # characters of a cursor, as a whole address has to fit into a line
Found = Row[*tuple[Any, ...]]  # of a list, with whatever columns it has


def packed(row: Found) -> str:
    """Return the cursor of a row that has the columns `sort_key` and `id`."""
    value = row.sort_key
    if isinstance(value, Unreadable | WrittenTime):
        value = None  # it is asked for where it stands
    elif isinstance(value, date):  # includes datetime
        value = value.isoformat()
    elif not isinstance(value, (str, int, float)):
        value = str(value)
    content = json.dumps([value, row.id], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def unpacked(
    model: type[Record], key: Expression | None, cursor: str, among: ColumnElement[bool]
) -> Tuple:
    """Return the place of a cursor in SQL, to compare with `key` and the row's id.

    Raises BadRequest if the cursor is not valid. A forged cursor never causes a database error.
    """
    padding = "=" * (-len(cursor) % 4)
    try:
        value, written_id = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST] + padding))
        row_id = _row_key(model, written_id)
        own = row_keys.literals(model, row_id)
        if key is None:
            return tuple_(*own)
        if value is None:
            return tuple_(_key_of(model, key, row_id, among), *own)
        key_value = _typed(key.type.python_type, value)
        return tuple_(literal(key_value, key.type), *own)
    except (ValueError, TypeError, ArithmeticError, binascii.Error, RecursionError):
        text = _("This page address is incomplete; go back to the first page.")
        raise BadRequest(text, field="after") from None


def _key_of(
    model: type[Record], key: Expression, row_id: RowKey, among: ColumnElement[bool]
) -> Expression:
    """Return the value of a row that a cursor cannot hold, in SQL; it has to be `among` these."""
    there = select(key).where(model.id == row_id, among).limit(1)
    return there.correlate(None).scalar_subquery()


def beyond(
    model: type[Record],
    key: Expression | None,
    cursor: str,
    *,
    among: ColumnElement[bool],
    descending: bool,
) -> ColumnElement[bool]:
    """Return the SQL condition for the rows after the cursor, in the order of `key` and the id.

    `among` is the condition of the list for its rows. Without a `key`, they are in the order of the
    id alone. Raises BadRequest if the cursor is not valid.
    """
    own = row_keys.parts(model.id)
    place = tuple_(*own) if key is None else tuple_(key, *own)
    start = unpacked(model, key, cursor, among)
    return place < start if descending else place > start


def unparted(found: Sequence[Found], size: int) -> Sequence[Found]:
    """Return the rows of one page, of which `found` has one more, if there is one.

    Rows with the same key, such as a query may have, come together on the next page: no cursor
    could say that it stands between them.
    """
    rows = list(found[:size])
    while rows and len(found) > size and _place(rows[-1]) == _place(found[size]):
        rows.pop()
    return rows or found[:size]


def _place(row: Found) -> tuple[object, RowKey]:
    return row.sort_key, row.id


def _row_key(model: type[Record], value: Any) -> RowKey:
    if row_keys.is_numbered(model):
        if type(value) is not int or abs(value) > MAX_ID:
            raise ValueError
        return value
    key = row_keys.parse(model, value)
    if key is None:
        raise ValueError
    return key


def around(
    rows: Sequence[Found], *, has_previous: bool, has_next: bool
) -> tuple[str | None, str | None]:
    """Return the cursors of the pages before and after these rows; None where there is no page."""
    previous = packed(rows[0]) if has_previous else None
    following = packed(rows[-1]) if has_next else None
    return previous, following


def _typed(python: type, value: Any) -> object:
    """Convert a value of a cursor to the column's type; times and Decimal are written as text.

    Raises the errors that `unpacked` catches.
    """
    if isinstance(value, str) and python in PARSERS:
        return PARSERS[python](value)
    fits = type(value) is python or (python is float and type(value) is int)
    if not fits:
        raise ValueError
    if python is int and abs(value) > MAX_ID:
        raise ValueError
    if python is float and not math.isfinite(value):
        raise ValueError
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _plain(text: str) -> str:
    """Remove NUL, which the database cannot hold. Raises ValueError for surrogates."""
    return text.encode("utf-8", "strict").decode().replace("\0", "")


PARSERS: dict[type, Callable[[str], object]] = {
    datetime: _moment,
    date: date.fromisoformat,
    time: time.fromisoformat,
    Decimal: conditions.decimal,
    str: _plain,
}
