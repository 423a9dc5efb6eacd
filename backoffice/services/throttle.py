"""How many failures are too many: counted in the table of attempts, so that all workers share them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db, lock
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.settings import Settings

THROTTLED = "throttled"


def wait_turn(identifier_key: str, ip: str) -> None:
    """Let attempts on one account, and from one address, go one after the other: a hundred at once count too."""
    for name in sorted((f"sign-in account {identifier_key}", f"sign-in address {ip}")):
        lock(name)


def check(*, identifier_key: str, ip: str, device_key: str, settings: Settings) -> None:
    """Raise TooMany if this account or this address has failed too often.

    A device that has signed in to the account before is judged by its own failures alone, so that a stranger
    cannot lock its owner out.
    """
    account = SignInAttempt.identifier_key == identifier_key
    if device_key and _is_known(account, device_key):
        account &= SignInAttempt.device_key == device_key
    for who, factor in ((account, 1), (SignInAttempt.ip == ip, 4)):
        _check(who, factor, settings)


def _check(who: ColumnElement[bool], factor: int, settings: Settings) -> None:
    """Addresses are shared by offices, so they may fail `factor` times as often as one account."""
    now = clock.now()
    limits = {
        timedelta(minutes=5): settings.failures_per_5_minutes,
        timedelta(hours=1): settings.failures_per_hour,
        timedelta(days=1): settings.failures_per_day,
    }
    for window, number, first in _failures(who, list(limits), now):
        if number >= limits[window] * factor and first:
            wait = max(1, int((first + window - now).total_seconds()))
            minutes = -(-wait // 60)
            raise TooMany(f"Too many failed tries. Try again in {minutes} min.", retry_after=wait)


def _failures(
    who: ColumnElement[bool], windows: list[timedelta], now: datetime
) -> list[tuple[timedelta, int, datetime | None]]:
    """For each window up to now: how many failures, and when the first of them was; in one statement."""
    first = func.min(SignInAttempt.at, type_=SignInAttempt.at.type)
    since = [SignInAttempt.at > now - window for window in windows]
    columns = [column for recent in since for column in (func.count().filter(recent), first.filter(recent))]
    failed = (SignInAttempt.result != "ok", SignInAttempt.reason != THROTTLED, SignInAttempt.at > now - max(windows))
    row: Any = db.session.execute(select(*columns).where(who, *failed)).one()
    return [(window, row[2 * n], row[2 * n + 1]) for n, window in enumerate(windows)]


def _is_known(account: ColumnElement[bool], device_key: str) -> bool:
    ok = select(SignInAttempt.id).where(account, SignInAttempt.device_key == device_key, SignInAttempt.result == "ok")
    return db.session.scalar(ok.limit(1)) is not None
