"""Whether the process lives, and whether it can do its work."""

from threading import Lock

from flask import Flask, Response, current_app, g, jsonify
from sqlalchemy import text

from backoffice import limits
from backoffice.database import Patience
from backoffice.errors import Busy
from backoffice.extensions import db, expect_reading, patient
from backoffice.waiting import within

NOT_READY = "The database does not answer."
QUICK = Patience(statement=limits.READY, lock=limits.READY, idle=limits.READY)
_looking = Lock()  # one look at a time: those that hang must not take every connection


def register(app: Flask) -> None:
    """`/healthz`: the process answers. `/readyz`: so does the database."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> Response:
    """Look, but not for long. Raises Busy where that takes more than a moment."""
    g.database_away = True  # whatever is found, the page that says so asks it nothing
    try:
        found = within(limits.READY, _looked)
    except TimeoutError:
        raise Busy(NOT_READY, retry_after=limits.RETRY_AFTER) from None
    return jsonify(found)


def _looked() -> dict[str, str]:
    if not _looking.acquire(blocking=False):
        raise Busy(NOT_READY, retry_after=limits.RETRY_AFTER)
    try:
        with current_app.app_context(), patient(QUICK):
            return ready()
    finally:
        _looking.release()


def ready() -> dict[str, str]:
    """What `/readyz` says. Raises what the database raises."""
    expect_reading(True)
    db.session.execute(text("SELECT 1"))
    return {"status": "ready"}
