"""Heavy work has slots: what does not fit is told to come back.

What waits for a slot does not wait long.
"""

import threading
from queue import Queue

import pytest

from backoffice.errors import Busy
from backoffice.slots import Slots
from tests.support.patience import PATIENCE


def test_beyond_the_slots_and_the_queue_nobody_waits() -> None:
    room = Slots(1)
    with room.taken():
        with pytest.raises(Busy) as refused:
            room.take()
        assert refused.value.retry_after > 0
    room.take()
    room.give_back()


def test_who_waits_gets_the_slot_or_is_told_in_time() -> None:
    """Of two, one waits, whichever it is; the other is told before the slot becomes free."""
    room, told = Slots(1, waiting=1, patience=PATIENCE), Queue[str]()

    def wait() -> None:
        try:
            with room.taken():
                told.put("in")
        except Busy:
            told.put("refused")

    room.take()
    both = [threading.Thread(target=wait) for _ in range(2)]
    for thread in both:
        thread.start()
    assert told.get(timeout=PATIENCE) == "refused", "there is room for one who waits"
    room.give_back()
    assert told.get(timeout=PATIENCE) == "in"
    for thread in both:
        thread.join()


def test_nobody_waits_longer_than_they_are_to() -> None:
    room = Slots(1, waiting=1, patience=0.1)
    with room.taken(), pytest.raises(Busy):
        room.take()
