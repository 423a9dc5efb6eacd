"""Whether the process lives, and whether it can do its work."""

from http import HTTPStatus

from flask import Flask, Response, jsonify

from backoffice.services import readiness


def register(app: Flask) -> None:
    """`/healthz`: the process answers. `/readyz`: it can do its work, or which part of it cannot."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> Response:
    parts = readiness.parts()
    if all(state == readiness.OK for state in parts.values()):
        return jsonify(status="ready")
    response = jsonify(status="not ready", **parts)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Retry-After"] = "5"
    return response
