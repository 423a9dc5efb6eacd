"""The one source of time: aware UTC datetimes, which tests and the demo can move."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_moved_to: ContextVar[datetime | None] = ContextVar("backoffice_clock", default=None)


def now() -> datetime:
    """Return the current time in UTC, or the time that `at` set."""
    return _moved_to.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `now` return `moment` inside the block."""
    token = _moved_to.set(moment)
    try:
        yield
    finally:
        _moved_to.reset(token)
