"""The demo: its data, its accounts, and how to sign in to it."""

import os
import secrets

import click
import flask_migrate
from flask import current_app
from flask.cli import AppGroup

from backoffice.extensions import db
from backoffice.services import demo, passwords
from backoffice.services.demo.load import DAYS
from backoffice.settings import Settings


def add(group: AppGroup) -> None:
    group.command("demo")(load)


@click.option("--people", default=demo.PEOPLE, type=click.IntRange(min=50), show_default=True, help="How many.")
def load(people: int) -> None:
    """Migrate, load demo data if nobody is there, and say how to sign in. Only with BACKOFFICE_ENV=demo."""
    settings: Settings = current_app.extensions["settings"]
    if settings.environment != "demo":
        raise click.ClickException(
            "This prints a password that opens every account of the demo, so it runs only with BACKOFFICE_ENV=demo, "
            f"never in {settings.environment}. To begin with real data: flask backoffice create-administrator."
        )
    flask_migrate.upgrade()
    if demo.is_empty():
        _load(people, settings)
    password = os.environ.get("DEMO_PASSWORD") or passwords.temporary()
    demo.set_password(password, settings)
    known = demo.accounts()
    db.session.commit()
