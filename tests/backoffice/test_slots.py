"""Heavy work has slots: what does not fit is told to come back.

What waits for a slot does not wait long.
"""

import threading

import pytest

from backoffice.errors import Busy
from backoffice.slots import Slots


def test_beyond_the_slots_and_the_queue_nobody_waits() -> None:
    room = Slots(1)
    with room.taken():
        with pytest.raises(Busy) as refused:
            room.take()
        assert refused.value.retry_after > 0
    room.take()
    room.give_back()


def test_who_waits_gets_the_slot_or_is_told_in_time() -> None:
    room, order = Slots(1, waiting=1, patience=0.3), list[str]()

    def wait() -> None:
        try:
            with room.taken():
                order.append("in")
        except Busy:
            order.append("refused")

    room.take()
    first, second = threading.Thread(target=wait), threading.Thread(target=wait)
    first.start()
    second.start()
    second.join(0.1)
    assert order == ["refused"], "there is room for one who waits"
    room.give_back()
    first.join()
    second.join()
    assert order == ["refused", "in"]
    with room.taken():
        late = threading.Thread(target=wait)
        late.start()
        late.join()
    assert order[-1] == "refused"
