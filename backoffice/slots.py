"""Slots for heavy work, across the threads of a process: what does not fit is told to come back later."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from backoffice import limits
from backoffice.errors import Busy

FULL = "Many people are asking for this at the moment. Try again in a few seconds."


class Slots:
    """Room for `number` at once and for `waiting` that wait, each up to `patience` seconds."""

    def __init__(self, number: int, waiting: int = 0, patience: float = 0) -> None:
        self.inside = BoundedSemaphore(number)
        self.present = BoundedSemaphore(number + waiting)
        self.patience = patience

    def take(self) -> None:
        """Take one, and `give_back` it. Raises Busy where there is none in time."""
        if not self.present.acquire(blocking=False):
            raise Busy(FULL, retry_after=limits.RETRY_AFTER)
        if not self.inside.acquire(timeout=self.patience):
            self.present.release()
            raise Busy(FULL, retry_after=limits.RETRY_AFTER)

    def give_back(self) -> None:
        """For the next one."""
        self.inside.release()
        self.present.release()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have one for the block. Raises Busy."""
        self.take()
        try:
            yield
        finally:
            self.give_back()


@cache
def hashing(number: int) -> Slots:
    """Passwords: each takes a core and 19 MiB for a moment."""
    return Slots(number, limits.HASHING_QUEUE, limits.HASHING_PATIENCE)


@cache
def pictures(number: int) -> Slots:
    """Decoding: a large picture takes some 200 MB for a moment."""
    return Slots(number, limits.PICTURE_QUEUE, limits.PICTURE_PATIENCE)


@cache
def exports(number: int) -> Slots:
    """Whole tables: each keeps a thread busy for seconds, so nobody waits for it in another thread."""
    return Slots(number)
