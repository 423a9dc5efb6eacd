"""The command line, `flask backoffice ...`; one group of commands per file."""

from flask import Flask
from flask.cli import AppGroup

from backoffice.commands import act, administrators, demo, events, keys, refold, serve, worker

group = AppGroup("backoffice", help="Administer this installation.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for module in (administrators, demo, events, act, keys, refold, worker, serve):
        module.add(group)
    app.cli.add_command(group)
