"""Remove uploaded files that no row refers to: a removal, a crash or a full disk left them.

So do a form that was never saved, and an action that ran. Which columns refer to files follows from
the models (models/personal.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, tuple_

from backoffice import clock
from backoffice.data.storage import Storage, uploads
from backoffice.data.uploaded_files import key_of, keys_in
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.transactions import begin

GRACE = timedelta(days=1)  # a file is stored before the row that refers to it is committed
AT_ONCE = 1000  # rows that are read at once
ALWAYS_REMOVABLE = 100  # files that are removed even if no row refers to any file
# A key is remembered by its first 16 digits: a million of them take 70 MB. Two that begin alike
# keep a file that nobody has, and never remove one that somebody has.
DIGITS = 16
log = structlog.get_logger()


def sweep(
    *, stopping: Callable[[], bool], remembered: Callable[[], Iterable[str]] = lambda: ()
) -> int:
    """Remove files that no row refers to and that are older than GRACE, and return their number.

    `remembered` yields the keys of files that no row refers to now, and that must stay: an undo can
    bring them back. If those to remove are most of many files, the folder probably belongs to
    another database: then nothing is removed, and an error is logged.
    """
    store = uploads()
    before = clock.now() - GRACE
    store.discard_unfinished(before)
    orphans, total = _orphans(store.keys(before), _named(remembered))
    if len(orphans) > ALWAYS_REMOVABLE and len(orphans) * 2 > total:
        log.error("uploads_of_another_database", files=len(orphans))
        return 0
    return sum(_removed(store, key) for key in orphans if not stopping())


def _named(remembered: Callable[[], Iterable[str]]) -> set[int]:
    """Return the beginnings of the keys that rows name, and of those that are remembered."""
    begin(writing=False, snapshot=True)  # between two looks, a file could change its place
    named = {_mark(key) for key in _keys_of_rows()}
    named.update(map(_mark, remembered()))
    db.session.rollback()
    return named


def _keys_of_rows() -> Iterator[str]:
    for column, _owner in personal.upload_columns():
        key = list(column.table.primary_key)
        for value, *_key in in_parts([column], key, column.is_not(None)):
            yield from keys_in(value)


def in_parts(what: Sequence[Any], key: Sequence[Any], which: ColumnElement[bool]) -> Iterator[Any]:
    """Yield what is selected, in the order of a unique key; each part is a statement of its own."""
    rows = select(*what, *key).where(which).order_by(*key).limit(AT_ONCE)
    part = db.session.execute(rows).all()
    while part:
        yield from part
        last = tuple_(*part[-1][-len(key) :], types=[each.type for each in key])
        part = db.session.execute(rows.where(tuple_(*key) > last)).all()


def _orphans(storage_keys: Iterable[str], named: set[int]) -> tuple[list[str], int]:
    """Return the keys of files that are not named, and how many files there are in all."""
    orphans: list[str] = []
    total = 0
    for storage_key in storage_keys:
        total += 1
        if _mark(key_of(storage_key)) not in named:
            orphans.append(storage_key)
    return orphans, total


def _mark(key: str) -> int:
    return int(key[:DIGITS], 16)


def _removed(store: Storage, storage_key: str) -> bool:
    """Remove the file, and return whether the disk allowed it."""
    try:
        store.delete(storage_key)
    except OSError as error:
        log.warning("upload_not_removed", key=key_of(storage_key), error=type(error).__name__)
        return False
    return True
