"""Write the model and the screen of a new entity from a few words."""

import re
from collections.abc import Mapping
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice import apps
from backoffice.models.base import records
from backoffice.scaffold import columns, screen
from backoffice.scaffold.screen import Entity

ROOT = Path(__file__).parents[2]


def add(group: AppGroup) -> None:
    group.command("new-screen")(new_screen)


@click.argument("entity")
@click.argument("column", nargs=-1, required=True)
@click.option("--app", default="", help="The package that gets it, if several join.")
def new_screen(*, entity: str, column: tuple[str, ...], app: str) -> None:
    """Write the model and the screen of ENTITY, such as Warehouse, with these COLUMNs.

    \b
    name              a text that may not be empty
    city?             a text that may be empty
    code:unique       a text that no other row has
    country:DE,FR     one of these; the first is the default
    day:date?         any kind of column (docs/kinds.md)
    manager:User      a row of another entity
    """
    package = package_of(app)
    new = Entity(_class_name(entity), _parsed(column))
    if new.table in {each.__tablename__ for each in records()}:
        raise click.ClickException(_("There is a table %(table)s already.", table=new.table))
    write_files(_files(new, package))
    click.echo(_next_step(new, package))


def package_of(app: str) -> str:
    """Return the package that gets the files; '' for the product itself."""
    joined: tuple[str, ...] = current_app.extensions["apps"]
    if not joined and not apps.is_checkout():
        raise click.ClickException(
            _("No package of yours joins the installed product: name it in BACKOFFICE_APPS.")
        )
    if app and app not in joined:
        raise click.ClickException(_("BACKOFFICE_APPS does not name %(app)s.", app=app))
    if len(joined) > 1 and not app:
        raise click.ClickException(_("Say which package gets it: --app %(app)s.", app=joined[0]))
    return app or (joined[0] if joined else "")


def _class_name(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,39}", text):
        raise click.ClickException(_("Call it like a class in the singular, such as Warehouse."))
    return text


def _parsed(texts: tuple[str, ...]) -> list[columns.ColumnSpec]:
    try:
        parsed = [columns.parse(text) for text in texts]
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    names = [each.name for each in parsed]
    if twice := {name for name in names if names.count(name) > 1}:
        raise click.ClickException(_("%(name)s was given twice.", name=min(twice)))
    return parsed


def _files(new: Entity, package: str) -> Mapping[Path, str]:
    """Return the text of each file by its path."""
    if not package:
        models, screens = ROOT / "backoffice/models", ROOT / "views/admin"
        package = "backoffice"
    else:
        models, screens = apps.folder(package) / "models", apps.folder(package) / "screens"
    return {
        models / f"{new.module}.py": screen.model(new),
        screens / f"{new.table}.py": screen.screen(new, f"{package}.models"),
    }


def write_files(texts: Mapping[Path, str]) -> None:
    """Write new files, and say so; none of them if one exists already."""
    if existing := [path for path in texts if path.exists()]:
        raise click.ClickException(_("%(path)s exists already.", path=existing[0]))
    for path, text in texts.items():
        _write(path, text)
        click.echo(_("Written: %(path)s", path=path))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(text, "utf-8")


def _next_step(new: Entity, package: str) -> str:
    """Return what to type next."""
    message = f"Add {new.table.replace('_', ' ')}"
    if package:
        command = f'flask --app app backoffice new-migration {package} "{message}"'
    else:
        command = f'make migration NAME="{message}"'
    return _("Now write its migration: %(command)s", command=command)
