"""Files of nobody: what a removal, a crash or a full disk left in the folder of uploads."""

from collections.abc import Callable
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
ALWAYS_REMOVABLE = 100  # files, which may go even where no row names any
log = structlog.get_logger()


def sweep(*, stopping: Callable[[], bool]) -> int:
    """Remove files that no row names and that are older than GRACE; how many those were.

    Where most of many files are nobody's, the folder is likely another database's: nothing is removed, and the log
    says so.
    """
    store = uploads()
    before = clock.now() - GRACE
    store.discard_unfinished(before)
    names = store.names(before)
    begin(writing=False)
    nobodys, total = list[str](), 0
    while batch := list(islice(names, AT_ONCE)):
        owned = _owned({_key(name) for name in batch})
        nobodys += [name for name in batch if _key(name) not in owned]
        total += len(batch)
    db.session.rollback()
    if len(nobodys) > ALWAYS_REMOVABLE and len(nobodys) * 2 > total:
        log.error("uploads_of_another_database", files=len(nobodys))
        return 0
    return sum(_removed(store, name) for name in nobodys if not stopping())


def _owned(keys: set[str]) -> set[str]:
    """Those of `keys` that a row names."""
    return {
        key
        for column, _ in personal.uploads()
        for key in db.session.scalars(select(column).where(column.in_(keys)))
    }


def _key(name: str) -> str:
    """The key that a row has, of which a file is one rendition."""
    return name.partition("-")[0]


def _removed(store: Storage, name: str) -> bool:
    try:
        store.delete(name)
    except OSError as error:
        log.warning("upload_not_removed", key=_key(name), error=type(error).__name__)
        return False
    return True
