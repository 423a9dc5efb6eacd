"""A limit for what has none of its own, such as asking the network for a name."""

from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")
STEP = 0.1  # seconds between two looks whether to give up


def within(
    seconds: float,
    act: Callable[[], T],
    *,
    too_late: Callable[[T], object] = lambda _result: None,
    stopping: Callable[[], bool] = lambda: False,
    seconds_then: float = 0.0,
) -> T:
    """Answer what `act` answers, in a thread of its own. Raises TimeoutError after `seconds`, and whatever it raises.

    Where `stopping` becomes true meanwhile, `seconds_then` are left. A thread that is given up goes on until it ends by
    itself; `too_late` gets what it answers then.
    """
    done, given_up = Event(), Event()
    found: dict[str, Any] = {}

    def run() -> None:
        try:
            found["result"] = act()
        except BaseException as error:  # noqa: BLE001  # it is raised where somebody waits
            found["error"] = error
        done.set()
        if given_up.is_set() and "result" in found:
            too_late(found["result"])

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    _wait(done, seconds, stopping, seconds_then)
    if not done.is_set():
        given_up.set()
        raise TimeoutError
    if "error" in found:
        raise found["error"]
    result: T = found["result"]
    return result


def _wait(done: Event, seconds: float, stopping: Callable[[], bool], seconds_then: float) -> None:
    left = seconds
    while left > 0 and not done.wait(min(STEP, left)):
        left -= STEP
        if stopping():
            left = min(left, seconds_then)
            seconds_then -= STEP
