"""A gunicorn worker with threads, some of which answer only health checks.

Use it with `gunicorn --worker-class backoffice.gunicorn_worker.Worker`. It relies on the way that
gunicorn 27 hands a connection to its threads; a test fails when that changes.
"""

import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from backoffice import limits
from backoffice.http import HEALTH_PATHS

FIRST = tuple(f"{method} {path}".encode() for method in ("GET", "HEAD") for path in HEALTH_PATHS)
LONGEST = max(map(len, FIRST))


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Looks at the beginning of a request to choose the pool of threads that answers it."""

    def init_process(self) -> None:
        self.health = ThreadPoolExecutor(limits.HEALTH_THREADS)
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Give the connection to a thread, or wait if nothing has arrived on it yet.

        gunicorn calls this for every new connection, and for every kept one when data arrives.
        """
        beginning = _peek(conn.sock)
        if beginning is None and not conn.initialized:
            self._wait_for(conn)
            return
        is_health_check = beginning is not None and beginning.startswith(FIRST)
        pool = self.health if is_health_check else self.tpool
        future = pool.submit(self.handle, conn)
        future.add_done_callback(partial(self._finished, conn))

    def _wait_for(self, conn: Any) -> None:
        """Wait for data in gunicorn's event loop, as gunicorn itself does for idle connections."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        on_data = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, on_data)

    def _finished(self, conn: Any, done: "Future[Any]") -> None:
        self.method_queue.defer(self.finish_request, conn, done)


def _peek(connection: socket.socket) -> bytes | None:
    """Return the first bytes of the request without consuming them; None if there are none yet."""
    try:
        return connection.recv(LONGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:  # the client is gone, which the thread will notice
        return b""
