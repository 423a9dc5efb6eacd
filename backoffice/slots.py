"""Limits how much heavy work the threads of a process do at once; more is refused as Busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from flask_babel import lazy_gettext as _l

from backoffice import limits
from backoffice.errors import Busy

FULL: str = _l("Many people are asking for this at the moment. Try again in a few seconds.")


class Slots:
    """Slots for one kind of work.

    Args:
        number: how many may work at once.
        waiting: how many more may wait for a slot.
        patience: how many seconds each of them may wait.
    """

    def __init__(self, number: int, waiting: int = 0, patience: float = 0) -> None:
        self.inside = BoundedSemaphore(number)
        self.present = BoundedSemaphore(number + waiting)
        self.patience = patience

    def take(self) -> None:
        """Take a slot, to be returned by `give_back`. Raises Busy if there is none in time."""
        if not self.present.acquire(blocking=False):
            raise Busy(FULL, retry_after=limits.RETRY_AFTER)
        if not self.inside.acquire(timeout=self.patience):
            self.present.release()
            raise Busy(FULL, retry_after=limits.RETRY_AFTER)

    def give_back(self) -> None:
        """Release the slot for the next one."""
        self.inside.release()
        self.present.release()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a slot inside the block. Raises Busy if there is none in time."""
        self.take()
        try:
            yield
        finally:
            self.give_back()


@cache
def hashing(number: int) -> Slots:
    """Return the slots for hashing passwords: each takes a core and 19 MiB for a moment."""
    return Slots(number, limits.HASHING_QUEUE, limits.HASHING_PATIENCE)


@cache
def pictures(number: int) -> Slots:
    """Return the slots for decoding pictures: a large one takes some 200 MB for a moment."""
    return Slots(number, limits.PICTURE_QUEUE, limits.PICTURE_PATIENCE)


@cache
def exports(number: int) -> Slots:
    """Return the slots for exports of whole tables.

    An export keeps a thread busy for seconds, so no other thread is made to wait for its slot.
    """
    return Slots(number)


@cache
def brief() -> Slots:
    """Return the slots for many questions to the database at once, which nobody waits for long."""
    return Slots(limits.BRIEF, limits.BRIEF_QUEUE, limits.BRIEF_PATIENCE)


@cache
def event_checks() -> Slots:
    """Return the slot for checks of the events log: one keeps a core busy for a second."""
    return Slots(limits.EVENT_CHECKS)


@cache
def sheets() -> Slots:
    """Return the slots for reading sheets of groups: a large one keeps a core busy for a second."""
    return Slots(limits.SHEETS, limits.SHEETS_QUEUE, limits.SHEETS_PATIENCE)
