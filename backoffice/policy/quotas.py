"""Limits how often signed-in people may do something, or lets them do it only once at a time.

What is limited is declared in `backoffice/throttles.py`. The counts are in the database, so they
hold for all processes together.
"""

import secrets
from datetime import datetime

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.usage import Usage
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from backoffice.throttles import Lease, Throttle
from backoffice.transactions import lock


def consume(*, actor: Actor, throttle: Throttle) -> None:
    """Count one more use by the actor, or by whoever views as them; the caller has to commit.

    Commands are not limited. Raises TooMany if there were too many uses.
    """
    user_id = actor.in_person.user_id
    if user_id is None:
        return
    most = throttle.rate.number(configured())
    if count(user_id=user_id, throttle=throttle) > most:
        seconds = seconds_left(user_id=user_id, throttle=throttle)
        raise throttle.refused(most=most, seconds=seconds)


def count(*, user_id: int, throttle: Throttle) -> int:
    """Count one more use, and return how many there are in the window that began with the first."""
    row = _row(user_id, throttle.name)
    now = clock.now()
    if not row.since <= now < row.since + throttle.rate.within:
        row.since = now
        row.used = 0
    row.used += 1
    db.session.flush()
    return row.used


def seconds_left(*, user_id: int, throttle: Throttle) -> int:
    """Return how many seconds are left until the window ends, at least 1."""
    end = _row(user_id, throttle.name).since + throttle.rate.within
    return _seconds_until(end, clock.now())


def acquire(*, user_id: int, lease: Lease) -> str:
    """Become the only holder of the lease, and return a random name for the holder.

    Raises TooMany if there is a holder already.
    """
    row = _row(user_id, lease.name)
    now = clock.now()
    end = row.since + lease.lasts
    if row.holder and row.since <= now < end:
        raise TooMany(lease.refusal, retry_after=_seconds_until(end, now))
    row.since = now
    row.holder = secrets.token_hex(8)
    db.session.flush()
    return row.holder


def renew(*, user_id: int, lease: Lease, holder: str) -> None:
    """Extend the lease from now on, if `holder` still has it."""
    row = _row(user_id, lease.name)
    if row.holder == holder:
        row.since = clock.now()
        db.session.flush()


def release(*, user_id: int, lease: Lease, holder: str) -> None:
    """End the lease, if `holder` still has it."""
    row = _row(user_id, lease.name)
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
