"""A limit for work that has none of its own gives the answer, the error, or ends the wait."""

import threading
import time

import pytest

from backoffice.waiting import within


def test_what_comes_in_time_is_answered() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_what_comes_too_late_is_given_up_and_handed_over() -> None:
    over, late = threading.Event(), list[int]()
    handed = threading.Event()

    def too_late(number: int) -> None:
        late.append(number)
        handed.set()

    with pytest.raises(TimeoutError):
        within(0.1, lambda: int(over.wait(10)), too_late=too_late)
    over.set()
    assert handed.wait(5)
    assert late == [1]


def test_who_is_to_end_waits_only_a_little() -> None:
    told, over = threading.Event(), threading.Event()
    threading.Timer(0.2, told.set).start()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(60, lambda: over.wait(60), stopping=told.is_set, seconds_then=0.3)
    over.set()
    assert time.monotonic() - begun < 2
