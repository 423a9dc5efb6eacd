"""The web server of `serve` and `web`: waitress, which reads slow requests and sends slow answers without a thread.

Health checks have threads of their own, and so has whoever only looks: those who change something may all wait for a
lock. SIGTERM lets what has begun be finished.
"""

import logging
import signal
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import Error

from backoffice import limits, slots
from backoffice.settings import Settings

HEALTH = ("/healthz", "/readyz")
LOOKING = ("GET", "HEAD", "OPTIONS")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STEP = 0.2  # seconds between two looks whether to end
CLEANING = 5  # seconds between two looks for clients that are too slow


def serve(application: Any, bind: str, settings: Settings) -> None:
    """Answer at `bind` until a signal, then finish what has begun. Raises OSError where nobody may listen there."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue is nothing to complain of
    told: list[int] = []
    for number in ENDING:
        signal.signal(number, lambda number, _frame: told.append(number))
    adjustments = Adjustments(listen=bind, **_adjusted(settings))
    everything: dict[int, Any] = {}
    health, changing = _threads(limits.HEALTH_THREADS), _threads(max(1, settings.web_threads // 2))
    looking = _threads(max(1, settings.web_threads - settings.web_threads // 2))
    threads = {"dispatcher": looking, "changing": changing, "health": health}
    servers = [
        Server(application, everything, adj=adjustments, sockinfo=where, **threads)
        for where in adjustments.listen
    ]
    _run(everything, lambda: bool(told))
    for server in servers:
        server.accept_no_more()
    end = time.monotonic() + settings.shutdown_timeout.total_seconds()
    _run(
        everything,
        lambda: time.monotonic() > end or not any(server.is_busy() for server in servers),
    )


class Crowded(Error):  # type: ignore[misc]  # waitress ships no types
    """What a request gets for which no thread had time."""

    code, reason = HTTPStatus.SERVICE_UNAVAILABLE.value, HTTPStatus.SERVICE_UNAVAILABLE.phrase

    def __init__(self) -> None:
        super().__init__(slots.FULL)

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", str(limits.RETRY_AFTER))], body


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """One connection, whose client may be slow, but not for ever."""

    answered_at, queued_at = 0.0, 0.0

    def service(self) -> None:
        """Called in a thread that has time for the request; whoever waited too long for it has gone, or soon will."""
        if time.monotonic() - self.queued_at > limits.QUEUED:
            self.requests[0].error = Crowded()
        super().service()
        self.answered_at = time.time()

    def write_soon(self, data: Any) -> int:
        """Called in a thread with a part of the answer: its client can be slow only from now on."""
        if not self.total_outbufs_len:
            self.last_activity = time.time()
        return int(super().write_soon(data))

    def is_stuck(self, cutoff: float) -> bool:
        """Whether no answer was fetched, or no request came in full, since `cutoff`.

        waitress itself waits on as long as a byte drips in now and then, and for every reader of an answer that is
        still being made.
        """
        if self.total_outbufs_len:
            return bool(self.last_activity < cutoff)
        return not self.requests and max(self.creation_time, self.answered_at) < cutoff


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress ships no types
    """waitress's server, with the threads for each kind of request kept apart."""

    channel_class = Channel

    def __init__(
        self,
        *arguments: Any,
        health: ThreadedTaskDispatcher,
        changing: ThreadedTaskDispatcher,
        **options: Any,
    ) -> None:
        self.health, self.changing = health, changing
        super().__init__(*arguments, **options)

    def add_task(self, task: Channel) -> None:
        """Called with a channel as soon as its request has arrived in full."""
        request, task.queued_at = task.requests[0], time.monotonic()
        if request.path in HEALTH:
            self.health.add_task(task)
        elif request.command in LOOKING:
            self.task_dispatcher.add_task(task)
        else:
            self.changing.add_task(task)

    def maintenance(self, now: float) -> None:
        """Called every CLEANING seconds."""
        for channel in self._channels():
            if channel.is_stuck(now - self.adj.channel_timeout):
                channel.will_close = True

    def accept_no_more(self) -> None:
        """Leave the door to somebody else; the connections stay."""
        self.accepting = False
        wasyncore.dispatcher.close(self)

    def is_busy(self) -> bool:
        """Whether somebody still gets an answer."""
        return any(channel.requests or channel.total_outbufs_len for channel in self._channels())

    def _channels(self) -> Sequence[Channel]:
        return list(self.active_channels.values())


def _run(everything: dict[int, Any], is_over: Callable[[], bool]) -> None:
    while not is_over():
        wasyncore.loop(timeout=STEP, use_poll=True, map=everything, count=1)


def _threads(number: int) -> ThreadedTaskDispatcher:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(number)
    return dispatcher


def _adjusted(settings: Settings) -> dict[str, Any]:
    return {
        "channel_timeout": int(settings.slow_client_timeout.total_seconds()),
        "cleanup_interval": CLEANING,
        "connection_limit": limits.CONNECTIONS,
        "backlog": limits.BACKLOG,
        "outbuf_high_watermark": limits.EXPORT_BUFFER,  # beyond it the thread would wait for the reader
        "max_request_body_size": 2
        * limits.BODY,  # up to there our own page says that it is too much
        "max_request_header_size": limits.HEADERS,
        "clear_untrusted_proxy_headers": False,  # views.web.headers knows whom to believe
        "ident": None,
    }
