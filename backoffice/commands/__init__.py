"""The command line, `flask backoffice ...`; one group of commands per file."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import failures

SENTENCES = {
    failures.AWAY: "The database does not answer. See DATABASE_URL, and whether the server runs.",
    failures.NO_SPACE: "There is no space left where the database is. Nothing was changed.",
    failures.READ_ONLY: "The database can only be read. Nothing was changed.",
}
NOT_MIGRATED = "The database lacks tables or columns. Migrate it first: flask --app app db upgrade"


class Commands(AppGroup):
    """Commands that say in one line why the database does not do what they ask.

    Their files are read when somebody asks for one: a web server has no use for the demo, nor for Alembic.
    """

    whole = False

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

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        if not self.whole:
            for found in iter_modules(__path__):
                import_module(f"{__name__}.{found.name}").add(self)
            self.whole = True


group = Commands("backoffice", help="Administer this installation.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(group)
