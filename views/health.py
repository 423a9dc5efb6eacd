"""Tell whether the process is alive, and whether it can do its work."""

from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock

from flask import Flask, Response, current_app, jsonify

from backoffice import database, failures, limits, readiness
from backoffice.database import Timeouts
from backoffice.transactions import with_timeouts
from backoffice.waiting import within

QUICK = Timeouts(statement=limits.READY, lock=limits.READY, idle=limits.READY)
_looking = Lock()  # one check at a time: those that hang must not take every connection


def register(app: Flask) -> None:
    """Add `/healthz`, which tells that the process answers, and `/readyz`.

    `/readyz` also tells whether its database, its tables and its folder are as they should be.
    """
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> Response:
    """Check for a moment only: a database that does not answer by then counts as away."""
    try:
        parts = within(limits.READY, _parts)
    except TimeoutError:
        parts = {"database": failures.AWAY}
    if all(state == failures.OK for state in parts.values()):
        return jsonify(status="ready")
    response = jsonify(status="not ready", **parts)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Retry-After"] = str(limits.RETRY_AFTER)
    return response


def _parts() -> Mapping[str, str]:
    if not _looking.acquire(timeout=limits.READY):
        return {"database": failures.AWAY}
    try:
        with current_app.app_context(), with_timeouts(QUICK):
            database.set_reading(True)
            return readiness.parts()
    finally:
        _looking.release()
