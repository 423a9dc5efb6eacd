"""How many failures are too many: counted in the table of attempts, so that all workers share them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db, lock
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.services import attempts
from backoffice.services.attempts import From
from backoffice.settings import Settings

THROTTLED = "throttled"
SHARED = 4  # offices share an address, which may therefore fail so many times as often as an account
FIVE_MINUTES, AN_HOUR, A_DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
Limits = Mapping[timedelta, int]


def enter(key: str, user: User | None, origin: From, settings: Settings, *, factor: str = "password") -> None:
    """Let one try of a factor in, after those before it. Raises TooMany; that try is noted too, so commit then."""
    wait_turn(key, origin.network)
    try:
        check(identifier_key=key, origin=origin, settings=settings, factor=factor)
    except TooMany:
        attempts.note(key, user, "blocked", THROTTLED, origin, factor=factor)
        raise


def wait_turn(identifier_key: str, network: str) -> None:
    """Let attempts on one account, and from one network, go one after the other: a hundred at once count too."""
    for name in sorted((f"sign-in account {identifier_key}", f"sign-in address {network}")):
        lock(name)


def check(*, identifier_key: str, origin: From, settings: Settings, factor: str = "password") -> None:
    """Raise TooMany if this account or this address has failed too often; each factor counts for itself.

    A device that has signed in to the account before is judged by its own failures alone, so that a stranger
    cannot lock its owner out. Of links, which anybody may ask for, every one counts.
    """
    account = SignInAttempt.identifier_key == identifier_key
    if origin.device_key and _is_known(account, origin.device_key):
        account &= SignInAttempt.device_key == origin.device_key
    limits = {
        FIVE_MINUTES: settings.failures_per_5_minutes,
        AN_HOUR: settings.failures_per_hour,
        A_DAY: settings.failures_per_day,
    }
    _check(account, factor, limits)
    _check(SignInAttempt.network == origin.network, factor, _of_address(limits, factor, settings))


def _of_address(limits: Limits, factor: str, settings: Settings) -> Limits:
    shared = {window: number * SHARED for window, number in limits.items()}
    return shared | ({FIVE_MINUTES: settings.code_failures_per_address} if factor == "code" else {})


def _check(who: ColumnElement[bool], factor: str, limits: Limits) -> None:
    now = clock.now()
    for window, number, first in _failures(and_(who, SignInAttempt.factor == factor), list(limits), now):
        if number >= limits[window] and first:
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
    counted = or_(SignInAttempt.result != "ok", SignInAttempt.factor == "link")
    lately = (SignInAttempt.reason != THROTTLED, SignInAttempt.at > now - max(windows))
    row: Any = db.session.execute(select(*columns).where(who, counted, *lately)).one()
    return [(window, row[2 * n], row[2 * n + 1]) for n, window in enumerate(windows)]


def _is_known(account: ColumnElement[bool], device_key: str) -> bool:
    through = (SignInAttempt.result == "ok", SignInAttempt.reason == "")
    ok = select(SignInAttempt.id).where(account, SignInAttempt.device_key == device_key, *through)
    return db.session.scalar(ok.limit(1)) is not None
