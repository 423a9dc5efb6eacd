"""The extensions, which `create_app()` joins to an app."""

from importlib import import_module
from pathlib import Path
from typing import Any

from click import Command, Context
from flask import Flask, current_app
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from backoffice import apps
from backoffice.databases import RoutedSession
from backoffice.models.base import Base
from backoffice.queueing import Jobs
from backoffice.settings import refuse

MIGRATIONS = Path(__file__).parents[1] / "migrations"  # in a checkout, and where it is installed


class _Database(Command):
    """`flask db`: a placeholder for Flask-Migrate's commands, which are imported on first use."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Context | None = None,
        **extra: object,
    ) -> Context:
        commands = import_module("flask_migrate.cli").db
        if args == ["upgrade"]:  # of every branch, and not of one
            args = ["upgrade", "heads"]
        context: Context = commands.make_context(info_name, args, parent, **extra)
        return context


def _with_branches(config: Any) -> Any:
    """Tell Alembic of the migrations of packages that join, which are branches of their own."""
    own = Path(config.config_file_name).parent / "versions"
    branches = apps.folders(current_app.extensions["apps"], "migrations")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, [own, *branches])))
    return config


class Migrations:
    """A placeholder for Flask-Migrate's object in the app, which is made when `flask db` needs it.

    Alembic and the database dialects that it imports would take a tenth of a web server's memory,
    and a web server needs none of them.
    """

    def init_app(self, app: Flask) -> None:
        """Add the migrations and the command `flask db` to the app."""
        app.extensions["migrate"] = self
        app.cli.add_command(_Database("db", help="Perform database migrations."))

    def __getattr__(self, name: str) -> object:
        from flask_migrate import Migrate  # noqa: PLC0415  # see above

        # It replaces this object in `extensions`.
        extension = Migrate(current_app, db, directory=str(MIGRATIONS))
        extension.configure(_with_branches)
        return getattr(current_app.extensions["migrate"], name)


class Database(SQLAlchemy):
    """The database of an app."""

    def init_app(self, app: Flask) -> None:
        """Make the folder of a relative SQLite file, where the product is started.

        Raises SettingsError if it cannot be made.
        """
        try:
            super().init_app(app)
        except OSError as error:
            sentence = (
                f"DATABASE_URL names a file in {app.instance_path}, and this folder cannot be made "
                f"({error.strerror}): start the product in a folder in which it may write, or name "
                "the file by its whole path."
            )
            refuse([sentence])


db = Database(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False, "class_": RoutedSession},
)
migrate = Migrations()
csrf = CSRFProtect()
babel = Babel()
jobs = Jobs()
