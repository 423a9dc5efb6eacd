"""Slow down guessing: count failures in the table of attempts, which all workers share.

An attempt is counted as a failure before it is judged, under a lock that is released at once. A
hundred attempts at the same moment therefore count like a hundred in a row, and yet nobody waits
while somebody else's password is hashed.

How many failures are too many is declared in `backoffice/throttles.py`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select

from backoffice import clock, limits, throttles
from backoffice.auth import attempts
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.throttles import Throttle
from backoffice.transactions import lock, pause

THROTTLED = "throttled"
UNDER_WAY = "under way"
LONGEST = timedelta(seconds=limits.ATTEMPT_UNDER_WAY)
PATIENCE = limits.ATTEMPT_PATIENCE
POLL = 0.05  # seconds between two checks for room
BUSY: str = _l("Many tries are being checked at this moment. Try again in a few seconds.")


@dataclass(frozen=True)
class _Failures:
    """How many attempts failed within `window`, and when the first of them was."""

    window: timedelta
    number: int
    first_at: datetime | None


def enter(
    key: Key, user: User | None, origin: Origin, settings: Settings, *, factor: str = "password"
) -> int:
    """Let one attempt to prove a factor in and return its number, for `attempts.record_result`.

    It is committed as a failure, and no lock is held while it is judged. If the attempts under way
    could use up what is left, it waits for them. Raises TooMany; that attempt is recorded too, so
    commit then.
    """
    try:
        _wait_for_room(key, origin, settings, factor)
    except TooMany:
        attempts.record(key, user, "blocked", THROTTLED, origin, factor=factor)
        raise
    attempt = attempts.record(key, user, "failed", UNDER_WAY, origin, factor=factor)
    pause()
    return attempt


def count(key: Key, user: User | None, origin: Origin, settings: Settings, *, reason: str) -> None:
    """Count one request for a link, which nobody has to judge. Raises TooMany, as `enter` does."""
    try:
        # Whether there is room for attempts under way does not matter: a request for a link is
        # never under way, because nobody judges it.
        _check_room(key, origin, settings, "link")
    except TooMany:
        attempts.record(key, user, "blocked", THROTTLED, origin, factor="link")
        raise
    attempts.record(key, user, "ok", reason, origin, factor="link")


def _wait_for_room(key: Key, origin: Origin, settings: Settings, factor: str) -> None:
    """Wait until another attempt may be judged. Raises TooMany if that takes too long."""
    until = time.monotonic() + PATIENCE
    while not _check_room(key, origin, settings, factor):
        pause()  # so that no lock is held while it sleeps
        if time.monotonic() > until:
            raise TooMany(BUSY, retry_after=limits.RETRY_AFTER)
        time.sleep(POLL)


def _check_room(key: Key, origin: Origin, settings: Settings, factor: str) -> bool:
    """Lock the account and the address; return whether another attempt may be judged now.

    Raises TooMany if this account or this IP address has failed too often. Each factor is counted
    separately. Of links, which anybody may ask for, every request counts.
    """
    # Sorted, so that two requests take their locks in the same order.
    for name in sorted((f"throttle of {key}", f"throttle of network {origin.network}")):
        lock(name)
    is_from_ip = SignInAttempt.network == origin.network
    throttle_of_ip = _throttle_of_ip(factor)
    # Both are asked, even if the first says no: the second may raise TooMany.
    account_has_room = _check_throttle(
        throttles.ATTEMPTS_OF_ACCOUNT, _of_account(key, origin), factor, settings
    )
    ip_has_room = _check_throttle(throttle_of_ip, is_from_ip, factor, settings)
    return account_has_room and ip_has_room


def _of_account(key: Key, origin: Origin) -> ColumnElement[bool]:
    """Return the condition for the attempts that count for this account.

    A device that has signed in to the account before is judged by its own failures alone, so that a
    stranger cannot lock the owner out.
    """
    of_account: ColumnElement[bool] = SignInAttempt.throttle_key.in_(key.texts)
    if origin.device_key and attempts.is_known_device(key, origin.device_key):
        of_account &= SignInAttempt.device_key == origin.device_key
    return of_account


def _throttle_of_ip(factor: str) -> Throttle:
    """Return the throttle of an IP address, which is stricter for codes, as they are short."""
    if factor == "code":
        return throttles.CODES_OF_IP
    return throttles.ATTEMPTS_OF_IP


def _check_throttle(
    throttle: Throttle, who: ColumnElement[bool], factor: str, settings: Settings
) -> bool:
    """Return whether the throttle has room even if all attempts under way fail.

    Raises TooMany if those that have failed already use up a limit.
    """
    allowed = throttle.limits(settings)
    now = clock.now()
    of_factor = and_(who, SignInAttempt.factor == factor)
    failures, under_way = _failures(of_factor, list(allowed), now)
    for each in failures:
        failed = each.number - under_way
        if failed >= allowed[each.window] and each.first_at:
            until = each.first_at + each.window
            seconds = max(1, int((until - now).total_seconds()))
            raise throttle.refused(most=allowed[each.window], seconds=seconds)
    return all(each.number < allowed[each.window] for each in failures)


def _failures(
    who: ColumnElement[bool], windows: Sequence[timedelta], now: datetime
) -> tuple[list[_Failures], int]:
    """Return the failures in each window up to now, and how many of them are under way.

    One statement counts them all.
    """
    is_counted = and_(
        or_(SignInAttempt.result != "ok", SignInAttempt.factor == "link"),
        SignInAttempt.reason != THROTTLED,
        SignInAttempt.at > now - max(windows),
    )
    columns = _columns(windows, now)
    *counted, under_way = db.session.execute(select(*columns).where(who, is_counted)).one()
    failures = []
    for place, window in enumerate(windows):
        number, first_at = counted[2 * place : 2 * place + 2]
        failures.append(_Failures(window, number, first_at))
    return failures, under_way


def _columns(windows: Sequence[timedelta], now: datetime) -> list[SQLColumnExpression[object]]:
    """Return two columns for each window, and last the number of attempts under way."""
    is_under_way = and_(SignInAttempt.reason == UNDER_WAY, SignInAttempt.at > now - LONGEST)
    columns: list[SQLColumnExpression[object]] = []
    for window in windows:
        columns += _columns_of_window(now - window)
    columns.append(func.count().filter(is_under_way))
    return columns


def _columns_of_window(start: datetime) -> list[SQLColumnExpression[object]]:
    """Return the number of attempts after `start`, and the time of the first of them."""
    is_recent = SignInAttempt.at > start
    first_at = func.min(SignInAttempt.at, type_=SignInAttempt.at.type)
    return [func.count().filter(is_recent), first_at.filter(is_recent)]
