"""Slow down guessing: count failures in the table of attempts, which all workers share.

An attempt is counted as a failure before it is judged, under a lock that is released at once. A
hundred attempts at the same moment therefore count like a hundred in a row, and yet nobody waits
while somebody else's password is hashed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
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
# How long an attempt may be under way. After that, the process that judged it is dead, and the
# attempt has failed.
LONGEST = timedelta(seconds=30)
PATIENCE = 2.0  # seconds that an attempt waits for those under way
POLL = 0.05  # seconds between two looks
WELCOME = 5  # seconds after which it may come again
# Offices share an address, which may therefore fail this many times as often as an account.
SHARED = 4
FIVE_MINUTES = timedelta(minutes=5)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
BUSY: str = _l("Many tries are being checked at this moment. Try again in a few seconds.")
Limits = Mapping[timedelta, int]


@dataclass(frozen=True)
class _Failures:
    """How many attempts failed within `window`, and when the first of them was."""

    window: timedelta
    number: int
    first_at: datetime | None


def enter(
    key: Key, user: User | None, origin: Origin, settings: Settings, *, factor: str = "password"
) -> int:
    """Let one attempt to prove a factor in and return its number, for `attempts.settle`.

    It is committed as a failure, and no lock is held while it is judged. If the attempts under way
    could use up what is left, it waits for them. Raises TooMany; that attempt is recorded too, so
    commit then.
    """
    try:
        _wait_for_room(key, origin, settings, factor)
    except TooMany:
        attempts.note(key, user, "blocked", THROTTLED, origin, factor=factor)
        raise
    attempt = attempts.note(key, user, "failed", UNDER_WAY, origin, factor=factor)
    pause()
    return attempt


def count(key: Key, user: User | None, origin: Origin, settings: Settings, *, reason: str) -> None:
    """Count one request for a link, which nobody has to judge. Raises TooMany, as `enter` does."""
    try:
        _has_room(key, origin, settings, "link")
    except TooMany:
        attempts.note(key, user, "blocked", THROTTLED, origin, factor="link")
        raise
    attempts.note(key, user, "ok", reason, origin, factor="link")


def _wait_for_room(key: Key, origin: Origin, settings: Settings, factor: str) -> None:
    """Wait until another attempt may be judged. Raises TooMany if that takes too long."""
    until = time.monotonic() + PATIENCE
    while not _has_room(key, origin, settings, factor):
        pause()  # so that no lock is held while it sleeps
        if time.monotonic() > until:
            raise TooMany(BUSY, retry_after=WELCOME)
        time.sleep(POLL)


def _has_room(key: Key, origin: Origin, settings: Settings, factor: str) -> bool:
    """Return whether another attempt may be judged now.

    Raises TooMany if this account or this address has failed too often. Each factor is counted
    separately. Of links, which anybody may ask for, every request counts.
    """
    # Sorted, so that two requests take their locks in the same order.
    for name in sorted((f"throttle of {key}", f"throttle of network {origin.network}")):
        lock(name)
    limits = {
        FIVE_MINUTES: settings.failures_per_5_minutes,
        AN_HOUR: settings.failures_per_hour,
        A_DAY: settings.failures_per_day,
    }
    is_from_address = SignInAttempt.network == origin.network
    limits_of_address = _limits_of_address(limits, factor, settings)
    # Both are asked, even if the first says no: the second may raise TooMany.
    account_has_room = _is_below(_of_account(key, origin), factor, limits)
    address_has_room = _is_below(is_from_address, factor, limits_of_address)
    return account_has_room and address_has_room


def _of_account(key: Key, origin: Origin) -> ColumnElement[bool]:
    """Return the condition for the attempts that count for this account.

    A device that has signed in to the account before is judged by its own failures alone, so that a
    stranger cannot lock the owner out.
    """
    of_account: ColumnElement[bool] = SignInAttempt.throttle_key.in_(key.texts)
    if origin.device_key and attempts.is_known_device(key, origin.device_key):
        of_account &= SignInAttempt.device_key == origin.device_key
    return of_account


def _limits_of_address(limits: Limits, factor: str, settings: Settings) -> Limits:
    """Return the limits of a network address, which has its own short one for codes."""
    shared = {window: number * SHARED for window, number in limits.items()}
    if factor == "code":
        shared[FIVE_MINUTES] = settings.code_failures_per_address
    return shared


def _is_below(who: ColumnElement[bool], factor: str, limits: Limits) -> bool:
    """Return whether there is room even if all attempts under way fail.

    Raises TooMany if those that have failed already use up a limit.
    """
    now = clock.now()
    of_factor = and_(who, SignInAttempt.factor == factor)
    failures, under_way = _failures(of_factor, list(limits), now)
    for each in failures:
        failed = each.number - under_way
        if failed >= limits[each.window] and each.first_at:
            until = each.first_at + each.window
            wait = max(1, int((until - now).total_seconds()))
            minutes = -(-wait // 60)  # rounded up
            sentence = _(
                "Too many failed tries. Try again in %(minutes)s min.",
                minutes=minutes,
            )
            raise TooMany(sentence, retry_after=wait)
    return all(each.number < limits[each.window] for each in failures)


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


def _columns(windows: Sequence[timedelta], now: datetime) -> list[Any]:
    """Return two columns for each window, and last the number of attempts under way."""
    is_under_way = and_(SignInAttempt.reason == UNDER_WAY, SignInAttempt.at > now - LONGEST)
    columns: list[Any] = []
    for window in windows:
        columns += _columns_of_window(now - window)
    columns.append(func.count().filter(is_under_way))
    return columns


def _columns_of_window(start: datetime) -> list[Any]:
    """Return the number of attempts after `start`, and the time of the first of them."""
    is_recent = SignInAttempt.at > start
    first_at = func.min(SignInAttempt.at, type_=SignInAttempt.at.type)
    return [func.count().filter(is_recent), first_at.filter(is_recent)]
