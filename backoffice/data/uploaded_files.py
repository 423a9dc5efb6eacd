"""Remove the files that columns refer to, once the transaction is committed.

A column of the kind `file` or `picture` holds what is said about its files (models/files.py). A
column with `info={"upload": True}` holds the key of a file as a text; with `"renditions": (64,
256)` it holds the key of several, each stored under the key, a hyphen and a number.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, select

from backoffice import limits
from backoffice.data.storage import Storage, uploads
from backoffice.extensions import db
from backoffice.models import fields, personal
from backoffice.models.base import Base, Record
from backoffice.models.files import listed
from backoffice.models.types import TableColumn
from backoffice.models.user import User
from backoffice.transactions import after_commit

AT_ONCE = 1000  # files that a request removes by itself; the nightly job removes the others
log = structlog.get_logger()


def forget(people: Select[int]) -> None:
    """Remove all files of `people` once the transaction is committed.

    The caller has to empty the columns that refer to the files, or to delete their rows.
    """
    for column, owner in personal.upload_columns():
        stays = column.table is User.__table__ and column.info.get("personal") is False
        if owner is not None and not stays:
            forget_column(column, owner.in_(people))


def forget_rows(model: type[Base], rows: Select[int]) -> None:
    """Remove the files of rows that are about to be deleted, once the transaction is committed."""
    table: Any = model.__table__
    for column in filter(personal.holds_files, table.columns):
        forget_column(column, table.c.id.in_(rows))


def forget_column(column: TableColumn, which: ColumnElement[bool]) -> None:
    """Remove the files that one column refers to, in the rows that the condition is about."""
    statement = select(column).where(which, column.is_not(None)).limit(AT_ONCE)
    values = list(db.session.scalars(statement))
    if values:
        after_commit(partial(discard, uploads(), column, values))


def held_by(row: Record) -> dict[str, Any]:
    """Return the files that a row has, by attribute."""
    return {name: getattr(row, name) for name in fields.files_of(type(row))}


def forget_replaced(row: Record, before: Mapping[str, Any]) -> None:
    """Remove the files that the row had and has no more, once the transaction is committed.

    `before` is what `held_by` returned.
    """
    for name, value in before.items():
        kept = set(listed(getattr(row, name)))
        if gone := [file for file in listed(value) if file not in kept]:
            column = fields.column(type(row), name)
            after_commit(partial(discard, uploads(), column, gone))


def discard(store: Storage, column: TableColumn, values: Iterable[Any]) -> None:
    """Remove the files that these values of the column refer to, unless others may have them too.

    Those that the disk does not let go are logged, and somebody waits no longer than
    limits.REMOVING for all of them. No row refers to a file that is left, and nobody sees it; a
    nightly job removes it.
    """
    end = time.monotonic() + limits.REMOVING
    for key in (key for value in values for key in _removable(column, value)):
        if time.monotonic() > end:
            log.info("uploads_left_to_the_night")
            return
        try:
            store.delete(key)
        except OSError as error:
            log.warning("upload_not_removed", key=key, error=type(error).__name__)


def _removable(column: TableColumn, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from storage_keys(column, value)
    else:
        for file in listed(value):
            yield from [] if file.shared else file.storage_keys


def storage_keys(column: TableColumn, value: str) -> list[str]:
    """Return the keys of the files that a text in the column refers to."""
    return [f"{value}-{number}" for number in column.info.get("renditions", ())] or [value]


def keys_in(value: Any) -> Iterator[str]:
    """Yield the keys that a value of a column names, without the numbers of renditions."""
    if isinstance(value, str):
        yield value
    else:
        yield from (file.key for file in listed(value))


def key_of(storage_key: str) -> str:
    """Return what a column holds for the file, which may be one of several renditions."""
    return storage_key.partition("-")[0]
