"""Remove uploaded files that no row refers to: a removal, a crash or a full disk left them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import structlog
from sqlalchemy import select

from backoffice import clock
from backoffice.data.storage import Storage, uploads
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.people.uploaded_files import column_value
from backoffice.transactions import begin

GRACE = timedelta(days=1)  # a file is written before the row that refers to it is committed
AT_ONCE = 500  # keys in one statement
ALWAYS_REMOVABLE = 100  # files that are removed even if no row refers to any file
log = structlog.get_logger()


def sweep(*, stopping: Callable[[], bool]) -> int:
    """Remove files that no row refers to and that are older than GRACE, and return their number.

    If that is most of many files, the folder probably belongs to another database: then nothing
    is removed, and an error is logged.
    """
    store = uploads()
    before = clock.now() - GRACE
    store.discard_unfinished(before)
    storage_keys = store.keys(before)
    begin(writing=False)
    orphans, total = _orphans(storage_keys)
    db.session.rollback()
    if len(orphans) > ALWAYS_REMOVABLE and len(orphans) * 2 > total:
        log.error("uploads_of_another_database", files=len(orphans))
        return 0
    return sum(_removed(store, key) for key in orphans if not stopping())


def _orphans(storage_keys: Iterator[str]) -> tuple[list[str], int]:
    """Return the keys of files that no row refers to, and how many files there are in all."""
    orphans: list[str] = []
    total = 0
    while batch := list(islice(storage_keys, AT_ONCE)):
        owned = _owned({column_value(key) for key in batch})
        orphans += [key for key in batch if column_value(key) not in owned]
        total += len(batch)
    return orphans, total


def _owned(values: set[str]) -> set[str]:
    """Return those of the values that a row has."""
    owned: set[str] = set()
    for column, _owner in personal.upload_columns():
        owned.update(db.session.scalars(select(column).where(column.in_(values))))
    return owned


def _removed(store: Storage, storage_key: str) -> bool:
    """Remove the file, and return whether the disk allowed it."""
    try:
        store.delete(storage_key)
    except OSError as error:
        log.warning("upload_not_removed", key=column_value(storage_key), error=type(error).__name__)
        return False
    return True
