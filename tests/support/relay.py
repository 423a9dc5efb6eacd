"""A wire to the PostgreSQL of the tests that can fall silent, as a stopped server does.

with Relay(url) as relay:
    app_with(database_url=relay.url)
    relay.silent.set()      # connections stay open, new ones are taken, and nobody says a word
    relay.silent.clear()    # everything that was said meanwhile arrives
"""

import socket
import threading
from contextlib import closing, suppress
from typing import Any, Self

from sqlalchemy import make_url

STEP = 0.02  # seconds between two looks whether to speak again
BLOCK = 1 << 16


class Relay:
    """Listens on loopback and passes everything on to the server behind `url`."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self.target = _target(address)
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        there = address.set(host="127.0.0.1", port=port, query={})
        self.url = there.render_as_string(hide_password=False)
        self.silent, self.ended = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.ended.is_set():
                near, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        self._wait()
        family, address = self.target
        far = socket.socket(family, socket.SOCK_STREAM)
        with closing(near), closing(far), suppress(OSError):
            far.connect(address)
            back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
            back.start()
            self._pass(near, far)
            back.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK):
                self._wait()
                sink.sendall(block)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _wait(self) -> None:
        while self.silent.is_set() and not self.ended.wait(STEP):
            pass


def _target(address: Any) -> tuple[int, Any]:
    folder = address.query.get("host")
    if folder:
        return socket.AF_UNIX, f"{folder}/.s.PGSQL.{address.port or 5432}"
    return socket.AF_INET, (address.host, address.port)
