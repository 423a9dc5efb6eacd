"""Write the repository of a company's package."""

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.scaffold import repository
from backoffice.scaffold.repository import WHEEL

# What to do with what is written, in this order.
NEXT = (
    ("cd {path}", ""),
    ("make run", _l("serves the demo with your screens")),
    ("make test", _l("runs all tests")),
    ("git init && git add .", _l("begins its history; .gitignore is there")),
)
COLUMN = max(len(command) for command, _purpose in NEXT)


def add(group: AppGroup) -> None:
    # It needs neither settings nor an app: in an environment with the product alone, this is first.
    group.command("new-app", with_appcontext=False)(new_app)


@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The wheel of the product, which is copied into it.",
)
def new_app(*, path: Path, wheel: Path | None) -> None:
    """Write the repository of a package into the new folder PATH, such as ../acme.

    The package is called like the folder. It has an entity with its screen, an action, a rule, a
    figure, its migration, and tests.
    """
    folder = path.absolute()
    try:
        fault = repository.fault_of(folder.name) or _fault(folder, wheel)
        if fault:
            raise click.ClickException(fault)
        repository.write(folder, folder.name, wheel)
    except OSError as error:
        sentence = _("Nothing was written: %(error)s.", error=error.strerror)
        raise click.ClickException(sentence) from None
    click.echo(_("Written: %(path)s", path=folder))
    if not wheel:
        click.echo(_("Put %(wheel)s into its folder wheels.", wheel=WHEEL))
    _say_what_is_next(path)


def _say_what_is_next(path: Path) -> None:
    click.echo(_("Then:"))
    for command, purpose in NEXT:
        click.echo(f"  {command.format(path=path):<{COLUMN}}  {purpose}".rstrip())


def _fault(folder: Path, wheel: Path | None) -> str:
    """Return why the repository cannot be written there, or ''."""
    if folder.exists() or folder.is_symlink():
        return _("%(path)s exists already.", path=folder)
    if wheel and wheel.name != WHEEL:
        return _("This product is in %(wheel)s: give that one.", wheel=WHEEL)
    return ""
