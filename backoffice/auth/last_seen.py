"""Record when each session was last used: to the minute, and beside any number of other writers."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from backoffice import clock, failures
from backoffice.auth.sessions import digest
from backoffice.database import Timeouts
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.settings import Settings
from backoffice.transactions import begin, forget_commits, with_timeouts

# How exactly the time is recorded. To the second, every request would have to write.
EVERY = timedelta(minutes=1)
# How long a page may wait for SQLite's one writer, once a minute.
BRIEF = Timeouts(statement=2, lock=2)

# When a session was used while the database was busy, by the hash of its value. The session's next
# request records it, and nobody who works is signed out for idleness.
_unwritten: dict[str, datetime] = {}


def record(session: Session, settings: Settings) -> bool:
    """Record that the session is in use now, unless that was done within the last minute.

    Returns whether the time was due and was written, or is kept for the session's next request. If
    so, the transaction that found the session is over, and what was read in it is out of date. The
    reading transaction is not made a writing one, because SQLite refuses that if somebody else has
    written since.
    """
    now = clock.now()
    value_hash = session.token_hash
    if now - session.last_seen_at < EVERY:
        return False
    try:
        _write(value_hash, now, settings)
    except DBAPIError as error:
        # A database that is busy or cannot write must not keep people from looking.
        if not (isinstance(error, OperationalError) or failures.of_database(error)):
            raise
        db.session.rollback()
        _forget_old(now - settings.session_idle)
        _unwritten[value_hash] = now
    return True


def catch_up(value: str, settings: Settings) -> bool:
    """Record the use of a session that could not be recorded when it happened.

    Returns False if there is none to record. Raises DBAPIError if the database is still busy, which
    is no reason to sign somebody out.
    """
    value_hash = digest(value)
    at = _unwritten.get(value_hash)
    if at is None:
        return False
    _write(value_hash, at, settings)
    return True


def _write(value_hash: str, at: datetime, settings: Settings) -> None:
    """Record the use in a short transaction of its own, unless somebody holds the row.

    Another request that holds the row is using the session too, or is ending it.
    """
    free_row = (
        select(Session.id)
        .where(
            Session.token_hash == value_hash,
            Session.ended_at.is_(None),
            Session.last_seen_at < at,
        )
        .with_for_update(skip_locked=True, key_share=True)
        .scalar_subquery()
    )
    change = (
        update(Session)
        .where(Session.id == free_row)
        .values(last_seen_at=at, idle_at=at + settings.session_idle)
        .execution_options(synchronize_session=False)
    )
    with with_timeouts(BRIEF):
        begin(writing=True)
        db.session.execute(change)
        db.session.commit()
    forget_commits()
    _unwritten.pop(value_hash, None)


def _forget_old(before: datetime) -> None:
    """Forget the sessions that were used before this time: they have ended for idleness."""
    # Other threads add and remove entries meanwhile, hence the copy.
    for value_hash, at in list(_unwritten.items()):
        if at < before:
            _unwritten.pop(value_hash, None)
