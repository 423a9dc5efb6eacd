"""The web server of the commands `serve` and `web`: waitress, adapted.

waitress reads slow requests and sends slow answers without occupying a thread. Here, health checks
and requests that only read have threads of their own, because all those that write may wait for a
lock. SIGTERM lets the requests that have begun finish.
"""

import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import Error

from backoffice import limits, signals, slots
from backoffice.http import HEALTH_PATHS, READING_METHODS
from backoffice.settings import Settings

STEP = 0.2  # seconds between two checks whether to end
CLEANING = 5  # seconds between two checks for clients that are too slow


def serve(application: WSGIApplication, bind: str, settings: Settings) -> None:
    """Answer requests at `bind` until a signal, then finish those that have begun.

    Raises OSError if the process may not listen there.
    """
    # waitress warns of every request that waits for a thread, which is normal.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    arrived = signals.collected()
    sockets: dict[int, object] = {}
    servers = _servers(application, bind, settings, sockets)
    _run(sockets, lambda: bool(arrived))
    for server in servers:
        server.accept_no_more()
    end = time.monotonic() + settings.shutdown_timeout.total_seconds()

    def is_over() -> bool:
        return time.monotonic() > end or not any(server.is_busy() for server in servers)

    _run(sockets, is_over)


def _servers(
    application: WSGIApplication, bind: str, settings: Settings, sockets: dict[int, object]
) -> list["Server"]:
    """Return a server for each address of `bind`; they share their threads and `sockets`."""
    adjustments = Adjustments(listen=bind, **_adjusted(settings))
    writing = settings.web_threads // 2
    reading = settings.web_threads - writing
    threads = {
        "dispatcher": _threads(max(1, reading)),
        "writing": _threads(max(1, writing)),
        "health": _threads(limits.HEALTH_THREADS),
    }
    return [
        Server(application, sockets, adj=adjustments, sockinfo=address, **threads)
        for address in adjustments.listen
    ]


class Crowded(Error):  # type: ignore[misc]  # waitress ships no types
    """The answer to a request for which no thread had time."""

    code = HTTPStatus.SERVICE_UNAVAILABLE.value
    reason = HTTPStatus.SERVICE_UNAVAILABLE.phrase

    def __init__(self) -> None:
        super().__init__(
            str(slots.FULL)
        )  # in English: the session with its language has not been read yet

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", str(limits.RETRY_AFTER))], body


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """One connection, whose client may be slow, but only within limits.

    Attributes:
        answered_at: when the last answer was made, in seconds since the epoch.
        queued_at: when the current request began to wait for a thread, on the monotonic clock.
    """

    answered_at = 0.0
    queued_at = 0.0

    def service(self) -> None:
        """Answer the request in a thread; refuse it if it waited too long for the thread.

        After so long a time its client has probably gone.
        """
        if time.monotonic() - self.queued_at > limits.QUEUED:
            self.requests[0].error = Crowded()
        super().service()
        self.answered_at = time.time()

    def write_soon(self, data: object) -> int:
        """Buffer a part of the answer; the time of a slow client begins with the first one."""
        if not self.total_outbufs_len:
            self.last_activity = time.time()
        return int(super().write_soon(data))

    def is_stuck(self, cutoff: float) -> bool:
        """Return whether, since `cutoff`, no answer was fetched or no complete request arrived.

        waitress itself keeps waiting as long as a byte arrives now and then, and for every client
        whose answer is still being made.
        """
        if self.total_outbufs_len:
            return bool(self.last_activity < cutoff)
        if self.requests:
            return False
        begun_at = max(self.creation_time, self.answered_at)
        return bool(begun_at < cutoff)


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress ships no types
    """waitress's server with separate threads for each kind of request.

    Attributes:
        health: the threads for health checks.
        writing: the threads for requests that write; all others use waitress's own.
    """

    channel_class = Channel

    def __init__(
        self,
        *arguments: object,
        health: ThreadedTaskDispatcher,
        writing: ThreadedTaskDispatcher,
        **options: object,
    ) -> None:
        self.health = health
        self.writing = writing
        super().__init__(*arguments, **options)

    def add_task(self, task: Channel) -> None:
        """Queue a channel, whose request has arrived completely, for the right threads."""
        request = task.requests[0]
        task.queued_at = time.monotonic()
        if request.error:  # it could not be read: it has no path, and waitress answers why
            self.task_dispatcher.add_task(task)
        elif request.path in HEALTH_PATHS:
            self.health.add_task(task)
        elif request.command in READING_METHODS:
            self.task_dispatcher.add_task(task)
        else:
            self.writing.add_task(task)

    def maintenance(self, now: float) -> None:
        """Close the connections of clients that are too slow; called every CLEANING seconds."""
        for channel in self._channels():
            if channel.is_stuck(now - self.adj.channel_timeout):
                channel.will_close = True

    def accept_no_more(self) -> None:
        """Stop listening, so that another process can; existing connections stay open."""
        self.accepting = False
        wasyncore.dispatcher.close(self)

    def is_busy(self) -> bool:
        """Return whether a client is still waiting for its answer."""
        return any(channel.requests or channel.total_outbufs_len for channel in self._channels())

    def _channels(self) -> Sequence[Channel]:
        return list(self.active_channels.values())


def _run(sockets: dict[int, object], is_over: Callable[[], bool]) -> None:
    while not is_over():
        wasyncore.loop(timeout=STEP, use_poll=True, map=sockets, count=1)


def _threads(number: int) -> ThreadedTaskDispatcher:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(number)
    return dispatcher


def _adjusted(settings: Settings) -> dict[str, object]:
    return {
        "channel_timeout": int(settings.slow_client_timeout.total_seconds()),
        "cleanup_interval": CLEANING,
        "connection_limit": limits.CONNECTIONS,
        "backlog": limits.BACKLOG,
        # Beyond it, the thread would wait for the client.
        "outbuf_high_watermark": limits.EXPORT_BUFFER,
        # Between one and two times the limit, our own page says that it is too much.
        "max_request_body_size": 2 * limits.FILES_BODY,
        "max_request_header_size": limits.HEADERS,
        # views.web.headers knows which proxies to trust.
        "clear_untrusted_proxy_headers": False,
        "ident": None,
    }
