"""Write the migration that the models of a package ask for, on a branch of its own."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice import apps
from backoffice.settings import configured

FLASK = (sys.executable, "-m", "flask", "--app", "app", "db")


def add(group: AppGroup) -> None:
    group.command("new-migration")(new_migration)


@click.argument("app")
@click.argument("message")
def new_migration(*, app: str, message: str) -> None:
    """Write the migration that the models of APP ask for, such as "Add warehouses".

    They are compared with a scratch database at the newest migrations, never with the one in use.
    """
    if app not in current_app.extensions["apps"]:
        raise click.ClickException(_("BACKOFFICE_APPS does not name %(app)s.", app=app))
    folder = apps.folder(app) / "migrations"
    is_first = not any(folder.glob("*.py"))
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as scratch:
        _flask(Path(scratch), "upgrade", "heads")
        options = _options(app, folder, message, is_first=is_first)
        _flask(Path(scratch), "-x", f"app={app}", "revision", *options)


def _options(app: str, folder: Path, message: str, *, is_first: bool) -> list[str]:
    """Return the options of Alembic: the first migration begins a branch after ours."""
    options = ["--autogenerate", "-m", message, "--version-path", str(folder)]
    if not is_first:
        return [*options, "--head", f"{app}@head"]
    return [*options, "--head", "base", "--branch-label", app]


def _flask(scratch: Path, *arguments: str) -> None:
    settings = configured()
    environ = os.environ | {
        "DATABASE_URL": f"sqlite:///{scratch / 'scratch.sqlite3'}",
        # The scratch database has none of the tables that existed before the product came.
        "EXISTING_TABLES_URL": settings.existing_tables_url or settings.database_url,
    }
    command = (*FLASK, *arguments)
    done = subprocess.run(  # noqa: S603  # our own program, and what the developer typed
        command, env=environ, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise click.ClickException(done.stderr.strip() or done.stdout.strip())
    click.echo(done.stdout, nl=False)
