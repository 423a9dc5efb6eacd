"""Remove uploaded files that no row names, left behind by a removal, a crash or a full disk."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import structlog
from sqlalchemy import select

from backoffice import clock
from backoffice.data.storage import Storage, uploads
from backoffice.extensions import begin, db
from backoffice.models import personal

GRACE = timedelta(days=1)  # a file is written before the row that names it is committed
AT_ONCE = 500  # keys in one statement
ALWAYS_REMOVABLE = 100  # files that are removed even if no row names any file at all
log = structlog.get_logger()


def sweep(*, stopping: Callable[[], bool]) -> int:
    """Remove files that no row names and that are older than GRACE, and return their number.

    If that is most of many files, the folder probably belongs to another database: then nothing
    is removed, and an error is logged.
    """
    store = uploads()
    before = clock.now() - GRACE
    store.discard_unfinished(before)
    names = store.names(before)
    begin(writing=False)
    orphans, total = _orphans(names)
    db.session.rollback()
    if len(orphans) > ALWAYS_REMOVABLE and len(orphans) * 2 > total:
        log.error("uploads_of_another_database", files=len(orphans))
        return 0
    return sum(_removed(store, name) for name in orphans if not stopping())


def _orphans(names: Iterator[str]) -> tuple[list[str], int]:
    """Return the names whose key is in no row, and how many names there are in all."""
    orphans: list[str] = []
    total = 0
    while batch := list(islice(names, AT_ONCE)):
        owned = _owned({_key(name) for name in batch})
        orphans += [name for name in batch if _key(name) not in owned]
        total += len(batch)
    return orphans, total


def _owned(keys: set[str]) -> set[str]:
    """Return those of the keys that a row names."""
    owned: set[str] = set()
    for column, _ in personal.uploads():
        owned.update(db.session.scalars(select(column).where(column.in_(keys))))
    return owned


def _key(name: str) -> str:
    """Return the key that a row holds; the file is one rendition of it."""
    return name.partition("-")[0]


def _removed(store: Storage, name: str) -> bool:
    """Remove the file, and return whether the disk allowed it."""
    try:
        store.delete(name)
    except OSError as error:
        log.warning("upload_not_removed", key=_key(name), error=type(error).__name__)
        return False
    return True
