"""Export groups as a sheet and import one, with the judgement and the events of the page."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice import limits
from backoffice.commands import Unanswered
from backoffice.data import lists
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models.sheet_import import MODES
from backoffice.policy.actor import system
from backoffice.sheets import affected, imports, writing
from backoffice.sheets.changes import DELETE, Change, Plan
from backoffice.sheets.sheet import Problems, SheetRefused

DIFFERS = 1  # exit statuses of `import --check`
REFUSED = 2


def add(group: AppGroup) -> None:
    commands = AppGroup("groups", help="Export and import groups.")
    commands.command("export")(export)
    commands.command("import")(import_)
    group.add_command(commands)


@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path | None) -> None:
    """Write all groups as a sheet to FILE, or to the output."""
    sheet = writing.export(actor=system())
    if file is None:
        sys.stdout.buffer.write(sheet)
        sys.stdout.buffer.flush()
        return
    try:
        file.write_bytes(sheet)
    except OSError as error:
        sentence = _("%(path)s cannot be written: %(why)s", path=file, why=error.strerror)
        raise click.ClickException(sentence) from None


@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; the exit status is 1 if groups differ, and 2 if the sheet has problems"
    " or cannot be read.",
)
@click.option("--mode", type=click.Choice(MODES), default="merge", show_default=True)
def import_(file: Path, *, check: bool, mode: str) -> None:
    """Import the sheet FILE, all of it or nothing."""
    try:
        data = _content(file)
        plan = _checked(data, mode) if check else _imported(data, file.name, mode)
    except SheetRefused as error:
        _print_problems(error.problems)
        sys.exit(REFUSED)
    except BackofficeError as error:
        raise Unanswered(error.message) from error
    _print(plan)
    if check and plan.changes:
        sys.exit(DIFFERS)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(limits.SHEET + 1)
    except OSError as error:
        sentence = _("%(path)s cannot be read: %(why)s", path=file, why=error.strerror)
        raise Unanswered(sentence) from None


def _checked(data: bytes, mode: str) -> Plan:
    return imports.read_and_checked(system(), data, mode)


def _imported(data: bytes, source: str, mode: str) -> Plan:
    plan = imports.import_at_once(actor=system(), data=data, source=source, mode=mode)
    db.session.commit()
    return plan


def _print_problems(problems: Problems) -> None:
    for problem in problems:
        where = f"{problem.place}: " if problem.place else ""
        click.echo(f"{where}{problem.sentence}", err=True)
    if problems.more:
        text = _n("and %(num)s more", "and %(num)s more", problems.more)
        click.echo(text, err=True)
    click.echo(_("Nothing was changed."), err=True)


def _print(plan: Plan) -> None:
    if not plan.changes:
        click.echo(_("There is nothing to change."))
        return
    for change in plan.changes:
        _print_change(change)
    people = affected.together(plan.changes)
    if people.number:
        click.echo(
            _n(
                "%(number)s person is affected in all, %(signed_in)s of them signed in.",
                "%(number)s people are affected in all, %(signed_in)s of them signed in.",
                people.number,
                number=lists.capped(people.number),
                signed_in=lists.capped(people.signed_in),
            )
        )


def _print_change(change: Change) -> None:
    """Print a group and what it gains and loses, as `diff` writes it."""
    sign = {"create": "+", "edit": "~", DELETE: "-"}[change.kind]
    click.echo(f"{sign} {change.name} ({change.key})")
    if change.kind == DELETE:
        return
    for name in ("name", "description"):
        before, after = getattr(change.before, name), getattr(change.after, name)
        if before and before != after:
            click.echo(f"    {name}: {before} -> {after}")
    for title, gained, lost in (
        ("permissions", change.gained, change.lost),
        ("grants", change.grants_gained, change.grants_lost),
    ):
        for signs, values in (("+", gained), ("-", lost)):
            for value in values:
                click.echo(f"    {signs} {title}: {value}")
