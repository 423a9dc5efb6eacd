"""Write models and screens of tables that exist already."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice import apps
from backoffice.commands.new_screen import package_of, write_files
from backoffice.models.reflection import connected
from backoffice.scaffold import adoption
from backoffice.scaffold.adoption import Adopted, Place
from backoffice.settings import configured


def add(group: AppGroup) -> None:
    group.command("adopt")(adopt)


@click.argument("table", nargs=-1, required=True)
@click.option("--schema", default="", help="The schema of the tables, if not the first one.")
@click.option("--app", default="", help="The package that gets the files, if several join.")
def adopt(*, table: tuple[str, ...], schema: str, app: str) -> None:
    """Write models and screens of the existing TABLEs, such as KUNDEN ORDERS.

    Their columns, keys, foreign keys and comments are read from the database. Name tables that
    refer to each other together. Before them, name one of BACKOFFICE_DATABASES if they are there.
    """
    package = package_of(app)
    if not package:
        raise click.ClickException(_("BACKOFFICE_APPS names no package that gets the files."))
    settings = configured()
    database = table[0] if table[0] in dict(settings.backoffice_databases) else ""
    place = Place(package, database, schema)
    try:
        with connected(settings, database) as connection:
            adopted = adoption.read(connection, table[1:] if database else table, place)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    write_files(dict(_files(adopted, apps.folder(package))))
    click.echo(_("The screens are there as soon as the product is started again."))


def _files(adopted: Sequence[Adopted], folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path of each file with its text."""
    for each in adopted:
        yield folder / "models" / f"{each.module}.py", adoption.model(each)
        yield folder / "screens" / f"{each.module}.py", adoption.screen(each)
