"""When each session was last used: kept to the minute, beside any number of other writers."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from backoffice import clock, failures
from backoffice.auth.sessions import digest
from backoffice.database import Patience
from backoffice.extensions import begin, db, forget_commits, patient
from backoffice.models.session import Session
from backoffice.settings import Settings

EVERY = timedelta(minutes=1)  # how exactly it is kept; otherwise every request would be a write
BRIEF = Patience(
    statement=2, lock=2
)  # as long a page may wait for SQLite's one writer, once a minute

# Of sessions whose note met a busy database: when they were used, by the hash of their value. The session's next
# request writes it down, so that nobody who works is signed out for idleness.
_unwritten: dict[str, datetime] = {}


def note(session: Session, settings: Settings) -> bool:
    """Write down that the session is in use now, unless that was done within the last minute.

    True where it was tried: the transaction that found the session is over then, and all that was read in it. A
    reading transaction is never made a writing one, which SQLite refuses where somebody else has written since.
    """
    now, value_hash = clock.now(), session.token_hash
    if now - session.last_seen_at < EVERY:
        return False
    try:
        _write(value_hash, now, settings)
    except (
        DBAPIError
    ) as error:  # the database is busy, or cannot write: people may look all the same
        if not (isinstance(error, OperationalError) or failures.of_database(error)):
            raise
        db.session.rollback()
        _forget_old(now - settings.session_idle)
        _unwritten[value_hash] = now
    return True


def catch_up(value: str, settings: Settings) -> bool:
    """Write down the use of a session that could not be noted when it happened; False where there is none.

    Raises DBAPIError if the database is busy still: that is no reason to sign somebody out.
    """
    value_hash = digest(value)
    at = _unwritten.get(value_hash)
    if at is None:
        return False
    _write(value_hash, at, settings)
    return True


def _write(value_hash: str, at: datetime, settings: Settings) -> None:
    """In a short transaction of its own. Whoever holds the row just now is using the session too, or ending it."""
    stale = (
        Session.token_hash == value_hash,
        Session.ended_at.is_(None),
        Session.last_seen_at < at,
    )
    free = (
        select(Session.id)
        .where(*stale)
        .with_for_update(skip_locked=True, key_share=True)
        .scalar_subquery()
    )
    change = update(Session).where(Session.id == free).execution_options(synchronize_session=False)
    with patient(BRIEF):
        begin(writing=True)
        db.session.execute(change.values(last_seen_at=at, idle_at=at + settings.session_idle))
        db.session.commit()
    forget_commits()
    _unwritten.pop(value_hash, None)


def _forget_old(before: datetime) -> None:
    """Sessions that never came back have ended by now."""
    for value_hash, at in list(_unwritten.items()):
        if at < before:
            _unwritten.pop(value_hash, None)
