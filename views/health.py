"""Whether the process lives, and whether it can do its work."""

from flask import Flask, Response, jsonify
from sqlalchemy import text

from backoffice.extensions import db


def register(app: Flask) -> None:
    """`/healthz`: the process answers. `/readyz`: so does the database."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> Response:
    db.session.execute(text("SELECT 1"))
    return jsonify(status="ready")
