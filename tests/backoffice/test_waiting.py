"""A limit for work that has none of its own gives the answer, the error, or ends the wait."""

import threading

import pytest

from backoffice.waiting import within
from tests.support.patience import PATIENCE


def test_what_comes_in_time_is_answered() -> None:
    assert within(PATIENCE, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(PATIENCE, lambda: 1 // 0)


def test_what_comes_too_late_is_given_up_and_handed_over() -> None:
    over, late = threading.Event(), list[int]()
    handed = threading.Event()

    def too_late(number: int) -> None:
        late.append(number)
        handed.set()

    with pytest.raises(TimeoutError):
        within(0.1, lambda: int(over.wait(PATIENCE)), too_late=too_late)
    over.set()
    assert handed.wait(PATIENCE)
    assert late == [1]


def test_who_is_to_end_waits_only_a_little() -> None:
    """The work would take for ever, and is allowed an hour: it is over although it does not end."""
    told, over = threading.Event(), threading.Event()
    threading.Timer(0.2, told.set).start()
    with pytest.raises(TimeoutError):
        within(3600, over.wait, stopping=told.is_set, seconds_then=0.3)
    assert not over.is_set()
    over.set()
