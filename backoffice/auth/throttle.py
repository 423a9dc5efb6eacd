"""How many failures are too many: counted in the table of attempts, so that all workers share them.

A try is counted before it is judged, as a failure, under a lock that is given back at once: a hundred at the same
moment count like a hundred in a row, and yet nobody waits while the password of somebody else is hashed.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from backoffice import clock
from backoffice.auth import attempts
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import TooMany
from backoffice.extensions import db, lock, pause
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.settings import Settings

THROTTLED = "throttled"
UNDER_WAY = "under way"
LONGEST = timedelta(
    seconds=30
)  # that a try is under way; whoever judged it is dead then, and it has failed
PATIENCE, POLL = 2.0, 0.05  # seconds that a try waits for those under way, and between two looks
WELCOME = 5  # seconds after which it may come again
SHARED = (
    4  # offices share an address, which may therefore fail so many times as often as an account
)
FIVE_MINUTES, AN_HOUR, A_DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
BUSY = "Many tries are being checked at this moment. Try again in a few seconds."
Limits = Mapping[timedelta, int]


def enter(
    key: Key, user: User | None, origin: Origin, settings: Settings, *, factor: str = "password"
) -> int:
    """Let one try of a factor in, after those before it; its number, for `attempts.settle`.

    It is committed as a failure, so that nothing is held while it is judged. Where those under way could fill what
    is left, it waits for them. Raises TooMany; that try is noted too, so commit then.
    """
    until = time.monotonic() + PATIENCE
    try:
        while not _has_room(key, origin, settings, factor):
            pause()
            if time.monotonic() > until:
                raise TooMany(BUSY, retry_after=WELCOME)
            time.sleep(POLL)
    except TooMany:
        attempts.note(key, user, "blocked", THROTTLED, origin, factor=factor)
        raise
    attempt = attempts.note(key, user, "failed", UNDER_WAY, origin, factor=factor)
    pause()
    return attempt


def count(key: Key, user: User | None, origin: Origin, settings: Settings, *, reason: str) -> None:
    """Count one link that was asked for, which is judged by nobody. Raises TooMany, as `enter` does."""
    try:
        _has_room(key, origin, settings, "link")
    except TooMany:
        attempts.note(key, user, "blocked", THROTTLED, origin, factor="link")
        raise
    attempts.note(key, user, "ok", reason, origin, factor="link")


def _has_room(key: Key, origin: Origin, settings: Settings, factor: str) -> bool:
    """Whether another try may be judged now. Raises TooMany if this account or this address has failed too often.

    Each factor counts for itself. A device that has signed in to the account before is judged by its own failures
    alone, so that a stranger cannot lock its owner out. Of links, which anybody may ask for, every one counts.
    """
    for name in sorted((f"throttle of {key}", f"throttle of network {origin.network}")):
        lock(name)
    account: ColumnElement[bool] = SignInAttempt.throttle_key.in_(key.texts)
    if origin.device_key and attempts.is_known_device(key, origin.device_key):
        account &= SignInAttempt.device_key == origin.device_key
    limits = {
        FIVE_MINUTES: settings.failures_per_5_minutes,
        AN_HOUR: settings.failures_per_hour,
        A_DAY: settings.failures_per_day,
    }
    own = _is_below(account, factor, limits)
    return (
        _is_below(
            SignInAttempt.network == origin.network, factor, _of_address(limits, factor, settings)
        )
        and own
    )


def _of_address(limits: Limits, factor: str, settings: Settings) -> Limits:
    shared = {window: number * SHARED for window, number in limits.items()}
    return shared | ({FIVE_MINUTES: settings.code_failures_per_address} if factor == "code" else {})


def _is_below(who: ColumnElement[bool], factor: str, limits: Limits) -> bool:
    """Whether there is room even if all under way fail. Raises TooMany where those that failed fill it."""
    now = clock.now()
    failures, under_way = _failures(and_(who, SignInAttempt.factor == factor), list(limits), now)
    for window, number, first in failures:
        if number - under_way >= limits[window] and first:
            wait = max(1, int((first + window - now).total_seconds()))
            minutes = -(-wait // 60)
            raise TooMany(f"Too many failed tries. Try again in {minutes} min.", retry_after=wait)
    return all(number < limits[window] for window, number, _first in failures)


def _failures(
    who: ColumnElement[bool], windows: list[timedelta], now: datetime
) -> tuple[list[tuple[timedelta, int, datetime | None]], int]:
    """For each window up to now, how many failures, and when the first was; and how many of all are under way.

    In one statement.
    """
    first = func.min(SignInAttempt.at, type_=SignInAttempt.at.type)
    since = [SignInAttempt.at > now - window for window in windows]
    columns: list[Any] = [
        column for recent in since for column in (func.count().filter(recent), first.filter(recent))
    ]
    columns.append(
        func.count().filter(SignInAttempt.reason == UNDER_WAY, SignInAttempt.at > now - LONGEST)
    )
    counted = or_(SignInAttempt.result != "ok", SignInAttempt.factor == "link")
    lately = (SignInAttempt.reason != THROTTLED, SignInAttempt.at > now - max(windows))
    row: Any = db.session.execute(select(*columns).where(who, counted, *lately)).one()
    return [(window, row[2 * n], row[2 * n + 1]) for n, window in enumerate(windows)], row[-1]
