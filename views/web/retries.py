"""Repeat a request that met another one on the same rows.

It is done again from its beginning, if nothing of it was committed yet.
"""

import time
from collections.abc import Iterable
from io import BytesIO
from secrets import SystemRandom
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Flask, request
from sqlalchemy.exc import DBAPIError

from backoffice import limits
from backoffice.transactions import is_whole

# Keys of the WSGI environment: until when the request may be repeated, and that it is to be.
UNTIL = "backoffice.repeat_until"
REPEAT = "backoffice.repeat"
# PostgreSQL's "deadlock detected" and "could not serialize access".
MET = ("40P01", "40001")
# SQLite's whole family of "database is locked".
BUSY = "SQLITE_BUSY"
# Seconds before the second try, doubled from try to try.
SHORTEST = 0.02
LONGEST = 0.1
log = structlog.get_logger()


def register(app: Flask) -> None:
    """Repeat whole requests: each try has its own actor, session and transaction."""
    app.wsgi_app = Repeating(app.wsgi_app)  # type: ignore[method-assign]  # Flask documents this


def met_another(error: BaseException) -> bool:
    """Tell whether the database refused only because another request used the same rows."""
    driver = error.orig if isinstance(error, DBAPIError) else None
    if getattr(driver, "sqlstate", None) in MET:
        return True
    return str(getattr(driver, "sqlite_errorname", "")).startswith(BUSY)


def asked_for(error: BaseException) -> bool:
    """Tell whether the request is repeated, and arrange for it; this try's answer is not sent."""
    in_time = time.monotonic() < request.environ.get(UNTIL, 0)
    if not (in_time and met_another(error) and is_whole()):
        return False
    request.environ[REPEAT] = True
    return True


class Repeating:
    """Call the application again while it asks for that, at most limits.REPEATS times."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"] = Kept(environ["wsgi.input"])
        end = time.monotonic() + limits.REPEATING
        for number in range(1, limits.REPEATS + 1):
            last_time = end if number < limits.REPEATS else 0
            own_environ = environ | {UNTIL: last_time}
            head, chunks = self._answer(own_environ)
            if REPEAT not in own_environ:
                break
            if hasattr(chunks, "close"):
                chunks.close()
            # The path is not logged: it may hold a secret.
            log.info("request_repeated", method=environ["REQUEST_METHOD"], number=number)
            _pause(number)
            body.rewind()
        start_response(*head)
        return chunks

    def _answer(self, environ: WSGIEnvironment) -> tuple[list[Any], Iterable[bytes]]:
        """Return what the application would start its response with, and the response's body."""
        head: list[Any] = []
        chunks = self.app(environ, lambda *arguments: head.extend(arguments))  # type: ignore[arg-type]  # nothing writes with what it returns
        return head, chunks


def _pause(number: int) -> None:
    """Wait after a try, at random: otherwise the same two requests would meet again."""
    seconds = SystemRandom().uniform(SHORTEST, LONGEST)
    time.sleep(seconds * 2 ** (number - 1))


class Kept:
    """The body of a request, which can be read again.

    `known` holds what was read so far: at most limits.FILES_BODY, beyond which nothing is read.
    `again` says whether `known` is being read for another time.
    """

    def __init__(self, source: InputStream) -> None:
        self.source = source
        self.known = BytesIO()
        self.again = False

    def read(self, size: int = -1) -> bytes:
        """Read what was read before, and after it what is new."""
        if self.again:
            known = self.known.read(size)
            if known:
                return known
        self.again = False
        new = self.source.read(size)
        self.known.write(new)
        return new

    def readline(self, size: int = -1) -> bytes:
        """Read one line, byte by byte.

        Nothing in the product reads bodies like this, but WSGI promises it.
        """
        line = b""
        while size < 0 or len(line) < size:
            byte = self.read(1)
            line += byte
            if byte in (b"", b"\n"):
                break
        return line

    def rewind(self) -> None:
        """Start reading from the beginning again."""
        self.known.seek(0)
        self.again = True
