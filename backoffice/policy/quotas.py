"""Limits how often signed-in people may do something, or lets them do it only once at a time.

The counts are in the database, so they hold for all processes together.
"""

import secrets
from datetime import datetime, timedelta

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db, lock
from backoffice.models.usage import Usage
from backoffice.policy.actor import Actor

A_MINUTE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)


def spend(*, actor: Actor, what: str, most: int, within: timedelta, sentence: str) -> None:
    """Count one more use by the actor; the caller has to commit.

    The window of time `within` begins with the first use. Commands are not limited. Raises TooMany
    with the sentence if `most` uses are exceeded.
    """
    if actor.user_id is None:
        return
    used = counted(user_id=actor.user_id, what=what, within=within)
    if used > most:
        seconds = left(user_id=actor.user_id, what=what, within=within)
        raise TooMany(sentence, retry_after=seconds)


def counted(*, user_id: int, what: str, within: timedelta) -> int:
    """Count one more use, and return how many there are in the window that began with the first."""
    row = _row(user_id, what)
    now = clock.now()
    if not row.since <= now < row.since + within:
        row.since = now
        row.used = 0
    row.used += 1
    db.session.flush()
    return row.used


def left(*, user_id: int, what: str, within: timedelta) -> int:
    """Return how many seconds are left until the window ends, at least 1."""
    end = _row(user_id, what).since + within
    return _seconds_until(end, clock.now())


def hold(*, user_id: int, what: str, lease: timedelta, sentence: str) -> str:
    """Become the only holder for the time `lease`, or longer with `renew`; return a name for it.

    Raises TooMany with the sentence if there is a holder already.
    """
    row = _row(user_id, what)
    now = clock.now()
    end = row.since + lease
    if row.holder and row.since <= now < end:
        raise TooMany(sentence, retry_after=_seconds_until(end, now))
    row.since = now
    row.holder = secrets.token_hex(8)
    db.session.flush()
    return row.holder


def renew(*, user_id: int, what: str, holder: str) -> None:
    """Extend the lease from now on, if `holder` still has it."""
    row = _row(user_id, what)
    if row.holder == holder:
        row.since = clock.now()
        db.session.flush()


def let_go(*, user_id: int, what: str, holder: str) -> None:
    """End the lease, if `holder` still has it."""
    row = _row(user_id, what)
    if row.holder == holder:
        row.holder = ""
        db.session.flush()


def _row(user_id: int, what: str) -> Usage:
    """Return the row for this user and thing, locked until the transaction ends."""
    lock(f"usage {what} {user_id}")
    row = db.session.get(Usage, (user_id, what), populate_existing=True)
    if row is None:
        row = Usage(user_id=user_id, what=what, since=clock.now(), used=0, holder="")
        db.session.add(row)
    return row


def _seconds_until(end: datetime, now: datetime) -> int:
    return max(1, int((end - now).total_seconds()))
