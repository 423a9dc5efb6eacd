"""The command line, `flask backoffice ...`; one group of commands per file."""

from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import failures
from backoffice.commands import act, administrators, demo, events, keys, refold, serve, worker

SENTENCES = {
    failures.AWAY: "The database does not answer. See DATABASE_URL, and whether the server runs.",
    failures.NO_SPACE: "There is no space left where the database is. Nothing was changed.",
    failures.READ_ONLY: "The database can only be read. Nothing was changed.",
}
NOT_MIGRATED = "The database lacks tables or columns. Migrate it first: flask --app app db upgrade"


class Commands(AppGroup):
    """Commands that say in one line why the database does not do what they ask."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except PoolTimeout as error:
            raise click.ClickException(SENTENCES[failures.AWAY]) from error
        except DBAPIError as error:
            missing = failures.is_missing_table(error)
            sentence = NOT_MIGRATED if missing else SENTENCES.get(failures.of_database(error))
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error


group = Commands("backoffice", help="Administer this installation.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for module in (administrators, demo, events, act, keys, refold, worker, serve):
        module.add(group)
    app.cli.add_command(group)
