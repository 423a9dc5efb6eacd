"""gunicorn's worker with threads, and with some more that answer nothing but health checks.

`gunicorn --worker-class backoffice.gunicorn_worker.Worker`. It builds on how gunicorn 27 hands a connection to its
threads; a test fails where that is no longer so.
"""

import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from backoffice import limits
from backoffice.serving import HEALTH

FIRST = tuple(f"{method} {path}".encode() for method in ("GET", "HEAD") for path in HEALTH)
LONGEST = max(map(len, FIRST))


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Looks at what a connection asks for before it takes a thread."""

    def init_process(self) -> None:
        self.health = ThreadPoolExecutor(limits.HEALTH_THREADS)
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Called for every new connection, and for every old one on which something has come."""
        begun = _begun(conn.sock)
        if begun is None and not conn.initialized:
            self._wait_for(conn)
            return
        pool = self.health if begun and begun.startswith(FIRST) else self.tpool
        pool.submit(self.handle, conn).add_done_callback(partial(self._finished, conn))

    def _wait_for(self, conn: Any) -> None:
        """In the loop, as gunicorn itself does where nothing has come for a while."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(
            conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn)
        )

    def _finished(self, conn: Any, done: "Future[Any]") -> None:
        self.method_queue.defer(self.finish_request, conn, done)


def _begun(connection: socket.socket) -> bytes | None:
    """The first bytes of the request, which stay to be read; None where there are none yet."""
    try:
        return connection.recv(LONGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:  # whoever it was has gone: the thread finds out
        return b""
