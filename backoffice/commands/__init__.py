"""Define the command line, `flask backoffice ...`, with one group of commands per file."""

from importlib import import_module
from pkgutil import iter_modules

import click
from flask import Flask
from flask.cli import AppGroup
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import __version__, failures

SENTENCES = {
    failures.AWAY: _l(
        "The database does not answer. See DATABASE_URL, and whether the server runs."
    ),
    failures.NO_SPACE: _l("There is no space left where the database is. Nothing was changed."),
    failures.READ_ONLY: _l("The database can only be read. Nothing was changed."),
}
NOT_MIGRATED = _l(
    "The database lacks tables or columns. Migrate it first: flask --app app db upgrade"
)


class Unanswered(click.ClickException):
    """The failure of a command whose exit codes 0 and 1 are answers."""

    exit_code = 2


ANSWERING = ("why", "forecast", "groups")  # the commands whose exit codes 0 and 1 are answers


class Commands(AppGroup):
    """A group of commands that explains failures of the database in one line.

    The commands' files are imported when a command is first asked for: a web server needs neither
    the demo nor Alembic. `whole` tells whether that has happened.
    """

    whole = False

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except PoolTimeout as error:
            raise _failed(context, str(SENTENCES[failures.AWAY])) from error
        except DBAPIError as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            raise _failed(context, sentence) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        """Import every file of this package, and let it add its commands."""
        if self.whole:
            return
        for module in iter_modules(__path__):
            import_module(f"{__name__}.{module.name}").add(self)
        self.whole = True


def _failed(context: click.Context, sentence: str) -> click.ClickException:
    """Return the error to end with, whose exit code no command uses for an answer."""
    kind = Unanswered if context.invoked_subcommand in ANSWERING else click.ClickException
    return kind(sentence)


def _sentence(error: DBAPIError) -> str | None:
    """Return what to say about the error, or None if nothing better than a traceback is known."""
    if failures.is_missing_table(error):
        return str(NOT_MIGRATED)
    sentence = SENTENCES.get(failures.of_database(error))
    return str(sentence) if sentence else None


group = Commands("backoffice", help="Administer this installation.")
click.version_option(__version__, prog_name="Backoffice", message="%(prog)s %(version)s")(group)


def register(app: Flask) -> None:
    """Add the commands to the `flask` program."""
    app.cli.add_command(group)
