"""The command line, `flask backoffice ...`; one group of commands per file."""

from importlib import import_module

from click import Command, Context
from flask import Flask
from flask.cli import AppGroup

MODULES = ("administrators", "demo", "events", "act", "keys", "worker", "serve")


class Commands(AppGroup):
    """Reads the files when somebody asks for a command: a web server has no use for the demo, nor for Alembic."""

    whole = False

    def list_commands(self, ctx: Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        if not self.whole:
            for name in MODULES:
                import_module(f"{__name__}.{name}").add(self)
            self.whole = True


group = Commands("backoffice", help="Administer this installation.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(group)
