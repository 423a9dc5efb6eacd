"""Puts a time limit on calls that have none of their own, such as a DNS lookup."""

from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")
STEP = 0.1  # seconds between two checks whether to give up


def within(
    seconds: float,
    act: Callable[[], T],
    *,
    too_late: Callable[[T], object] = lambda _result: None,
    stopping: Callable[[], bool] = lambda: False,
    seconds_then: float = 0.0,
) -> T:
    """Call `act` in a thread of its own and return its result.

    Raises TimeoutError after `seconds`, and whatever `act` raises.

    Args:
        seconds: how long to wait for the result.
        act: the function to call. A thread that is given up goes on until `act` ends by itself.
        too_late: is called with a result that arrives after the timeout.
        stopping: asked while waiting; once it returns true, `seconds_then` are left.
        seconds_then: the time that is left then.
    """
    call = _Call(act, too_late)
    context = copy_context()
    Thread(target=context.run, args=(call.run,), daemon=True).start()
    _wait(call.done, seconds, stopping, seconds_then)
    return call.result()


class _Call(Generic[T]):
    """A call of `act` in another thread, and what came of it."""

    def __init__(self, act: Callable[[], T], too_late: Callable[[T], object]) -> None:
        self.act = act
        self.too_late = too_late
        self.done = Event()
        self.given_up = Event()
        self.outcome: dict[str, Any] = {}

    def run(self) -> None:
        try:
            self.outcome["result"] = self.act()
        except BaseException as error:  # noqa: BLE001  # it is raised where somebody waits
            self.outcome["error"] = error
        self.done.set()
        if self.given_up.is_set() and "result" in self.outcome:
            self.too_late(self.outcome["result"])

    def result(self) -> T:
        if not self.done.is_set():
            self.given_up.set()
            raise TimeoutError
        if "error" in self.outcome:
            raise self.outcome["error"]
        result: T = self.outcome["result"]
        return result


def _wait(done: Event, seconds: float, stopping: Callable[[], bool], seconds_then: float) -> None:
    left = seconds
    while left > 0 and not done.wait(min(STEP, left)):
        left -= STEP
        if stopping():
            left = min(left, seconds_then)
            seconds_then -= STEP
