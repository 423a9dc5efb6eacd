"""Remove the files that columns refer to, once the transaction is committed.

A column with `info={"upload": True}` holds the key of a file. With `"renditions": (64, 256)` it
holds the key of several, each stored under the key, a hyphen and a number.
"""

from collections.abc import Iterable
from functools import partial

import structlog
from sqlalchemy import Select, select

from backoffice.data.storage import Storage, uploads
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.models.types import TableColumn
from backoffice.transactions import after_commit

log = structlog.get_logger()


def forget(people: Select[int]) -> None:
    """Remove all files of `people` once the transaction is committed.

    The caller has to empty the columns that refer to the files.
    """
    for column, owner in personal.upload_columns():
        if owner is not None:
            forget_column(column, owner, people)


def forget_column(column: TableColumn, owner: TableColumn, people: Select[int]) -> None:
    """Remove the files of `people` that one column refers to; `owner` holds the users' ids."""
    statement = select(column).where(owner.in_(people), column.is_not(None))
    values = list(db.session.scalars(statement))
    after_commit(partial(discard, uploads(), column, values))


def discard(store: Storage, column: TableColumn, values: Iterable[str]) -> None:
    """Remove the files that these values of the column refer to.

    Those that the disk does not let go are logged. No row refers to such a file, and nobody sees
    it; a nightly job tries to remove it again.
    """
    for value in values:
        for key in storage_keys(column, value):
            try:
                store.delete(key)
            except OSError as error:
                log.warning("upload_not_removed", key=value, error=type(error).__name__)


def storage_keys(column: TableColumn, value: str) -> list[str]:
    """Return the keys of the files that a value of the column refers to."""
    return [f"{value}-{number}" for number in column.info.get("renditions", ())] or [value]


def column_value(storage_key: str) -> str:
    """Return what a column holds for the file, which may be one of several renditions."""
    return storage_key.partition("-")[0]
