"""An act that met another one on the same rows is done again from its beginning, where nothing of it was kept yet."""

import time
from collections.abc import Callable, Iterable
from io import BytesIO
from secrets import SystemRandom
from typing import Any

import structlog
from flask import Flask, request
from sqlalchemy.exc import DBAPIError

from backoffice import limits
from backoffice.extensions import is_whole

UNTIL, REPEAT = "backoffice.repeat_until", "backoffice.repeat"
# PostgreSQL's "deadlock detected" and "could not serialize access"; SQLite's whole family of "database is locked".
MET = ("40P01", "40001")
BUSY = "SQLITE_BUSY"
SHORTEST, LONGEST = 0.02, 0.1  # seconds before the second try, doubled from try to try
log = structlog.get_logger()


def register(app: Flask) -> None:
    """Put it around the whole request: each try has an actor, a session and a transaction of its own."""
    app.wsgi_app = Repeating(app.wsgi_app)  # type: ignore[method-assign]  # Flask documents this


def met_another(error: BaseException) -> bool:
    """Whether the database refused only because somebody else was at the same rows."""
    driver = error.orig if isinstance(error, DBAPIError) else None
    if getattr(driver, "sqlstate", None) in MET:
        return True
    return str(getattr(driver, "sqlite_errorname", "")).startswith(BUSY)


def asked_for(error: BaseException) -> bool:
    """Whether the request is done once more, so that nobody sees the answer to this try."""
    in_time = time.monotonic() < request.environ.get(UNTIL, 0)
    if not (in_time and met_another(error) and is_whole()):
        return False
    request.environ[REPEAT] = True
    return True


class Repeating:
    """Calls the application anew while it asks for that, at most limits.REPEATS times."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"] = Kept(environ["wsgi.input"])
        end = time.monotonic() + limits.REPEATING
        for number in range(1, limits.REPEATS + 1):
            here = environ | {UNTIL: end if number < limits.REPEATS else 0}
            started: list[Any] = []
            chunks: Iterable[bytes] = self.app(here, lambda *head, into=started: into.extend(head))
            if REPEAT not in here:
                break
            if hasattr(chunks, "close"):
                chunks.close()
            log.info(
                "request_repeated", method=environ["REQUEST_METHOD"], number=number
            )  # a path may hold a secret
            time.sleep(SystemRandom().uniform(SHORTEST, LONGEST) * 2 ** (number - 1))
            body.rewind()
        start_response(*started)
        return chunks


class Kept:
    """The body of a request, which can be read again."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.known, self.again = (
            BytesIO(),
            False,
        )  # at most limits.BODY, beyond which Werkzeug reads nothing

    def read(self, size: int = -1) -> bytes:
        """First what was read before, then what comes."""
        if self.again and (found := self.known.read(size)):
            return found
        self.again = False
        found = self.source.read(size)
        self.known.write(found)
        return found

    def readline(self, size: int = -1) -> bytes:
        """One line, byte by byte: nobody in the product reads bodies so, but WSGI promises it."""
        line = b""
        while size < 0 or len(line) < size:
            byte = self.read(1)
            line += byte
            if byte in (b"", b"\n"):
                break
        return line

    def rewind(self) -> None:
        """Begin anew."""
        self.known.seek(0)
        self.again = True
