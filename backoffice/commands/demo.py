"""Demo data."""

from flask.cli import AppGroup


def add(group: AppGroup) -> None:
    """Nothing yet."""
