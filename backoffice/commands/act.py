"""Run actions from the command line, with the preview, rules, events and result of the screen."""

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice import limits
from backoffice.actions.engine import report
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.parameters import Parameter
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import phrase, run
from backoffice.actions.engine.values import Value
from backoffice.data import files, lists
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models import fields, row_keys
from backoffice.models.bulk_run import BulkRun
from backoffice.models.files import StoredFile
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor, system
from backoffice.text import without_invisible
from backoffice.text.numbers import formatted

OUTCOMES = {
    "done": _l("done"),
    "unchanged": _l("unchanged"),
    "refused": _l("refused"),
    "stale": _l("stale"),
    "failed": _l("failed"),
}


def add(group: AppGroup) -> None:
    group.command("act")(act)


@click.argument("code")
@click.option("--id", "ids", multiple=True, help="A row's number or key; may be repeated.")
@click.option(
    "--where",
    multiple=True,
    help="A filter as in a list's address: status=active, search=ma. Days are days in UTC.",
)
@click.option(
    "--with",
    "parameters",
    multiple=True,
    help="A parameter: group=3, weight=12.5, letter=@file.pdf.",
)
@click.option("--reason", default="")
@click.option("--yes", is_flag=True, help="Run it; without this, only the preview is shown.")
def act(
    *,
    code: str,
    ids: tuple[str, ...],
    where: tuple[str, ...],
    parameters: tuple[str, ...],
    reason: str,
    yes: bool,
) -> None:
    """Preview the action CODE, such as users.block, and with --yes run it."""
    action = find(code)
    if action is None:
        raise click.ClickException(_("There is no action %(code)s.", code=code))
    try:
        _preview_and_run(action, ids, where, parameters, reason=reason, is_confirmed=yes)
        db.session.commit()
    except BackofficeError as error:
        raise click.ClickException(_message(action, error)) from error


def _message(action: Action, error: BackofficeError) -> str:
    """Return what was refused, with the option that it belongs to where the sentence names none."""
    message = str(error.message or _("There are no such rows."))
    parameter = action.parameters.get(error.field or "")
    return f"{error.field}: {message}" if isinstance(parameter, Value) else message


def _preview_and_run(
    action: Action,
    ids: tuple[str, ...],
    where: tuple[str, ...],
    parameters: tuple[str, ...],
    *,
    reason: str,
    is_confirmed: bool,
) -> None:
    actor = system()
    _check_selection(action, ids, where)
    selection = _selection(action, ids, where)
    chosen = _values(action, parameters)
    shown = preview(actor=actor, action=action, selection=selection, parameters=chosen)
    planned = shown.run
    _print_title(actor, action, planned, selection.query)
    _print_outcomes(actor, action, planned)
    for sentence in report.warnings(actor, shown):
        click.echo(f"  {sentence}")
    if action.reason_required and not reason:
        click.echo(_("Running it needs a reason: add --reason."))
    if is_confirmed:
        _run(actor, action, planned, reason)


def _selection(action: Action, ids: tuple[str, ...], where: tuple[str, ...]) -> Selection:
    if not where:
        return Selection(ids=[_key(action, text) for text in ids])
    return Selection(query=lists.parse(action.model, [_name_and_value(text) for text in where]))


def _key(action: Action, text: str) -> RowKey:
    """Return the key of a row: as its address has it or, of a single column, as it is written."""
    # What is no UTF-8 on the command line is a lone surrogate here, and in no key.
    written = text.encode(errors="replace").decode()
    keys = (row_keys.parse(action.model, each) for each in (text, row_keys.token([written])))
    key = next((each for each in keys if each is not None), None)
    if key is None:
        raise click.ClickException(_("“%(text)s” is no number or key of a row.", text=written))
    return key


def _check_selection(action: Action, ids: tuple[str, ...], where: tuple[str, ...]) -> None:
    """Refuse what would select other rows than it says: without its value, a filter is none."""
    if action.is_global:
        if ids or where:
            raise click.ClickException(_("It is about no rows: leave out --id and --where."))
    elif bool(ids) == bool(where):
        raise click.ClickException(_("Give either --id or --where."))
    for text in where:
        name, value = _name_and_value(text)
        if not name or not without_invisible(value):
            message = _("“%(filter)s” has no value: write it like status=active.", filter=text)
            raise click.ClickException(message)


def _name_and_value(text: str) -> tuple[str, str]:
    name, _sign, value = text.partition("=")
    return name, value


def _values(action: Action, parameters: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values of each parameter; one that is repeated has several."""
    values: dict[str, list[str]] = {}
    for text in parameters:
        name, value = _name_and_value(text)
        if name not in action.parameters:
            raise click.ClickException(_unknown(action, name))
        values.setdefault(name, []).append(value)
    return {name: _given(action.parameters[name], texts) for name, texts in values.items()}


def _given(parameter: Parameter, texts: list[str]) -> list[str]:
    """Return what was given for a parameter; a file is read from where the text says."""
    if not (isinstance(parameter, Value) and parameter.takes_files):
        return texts
    received = [_file(parameter, text) for text in texts]
    return parameter.stored(received)


def _file(parameter: Value, text: str) -> StoredFile:
    """Store the file of a text such as `@letter.pdf`."""
    path = Path(text.removeprefix("@"))
    if path == Path(text):
        raise click.ClickException(_("Write a file as %(name)s=@path.", name=parameter.name))
    try:
        with path.open("rb") as file:
            data = file.read(limits.FILE + 1)
    except OSError as error:
        sentence = _("%(path)s cannot be read: %(why)s", path=path, why=error.strerror)
        raise click.ClickException(sentence) from None
    try:
        return files.receive(parameter.described, data, path.name)
    except BackofficeError as error:
        raise click.ClickException(f"{parameter.name}: {error.message}") from None


def _unknown(action: Action, name: str) -> str:
    asked = ", ".join(action.parameters) or "–"
    return _("There is no parameter “%(name)s”. It asks for: %(asked)s.", name=name, asked=asked)


def _filters_moments(action: Action, query: lists.Query | None) -> bool:
    """Return whether a filter is about moments: its days have to be those of some time zone."""
    given = query.filters if query else ()
    return any(fields.shape(action.model, filter_.name) == "moment" for filter_ in given)


def _run(actor: Actor, action: Action, planned: BulkRun, reason: str) -> None:
    done = run(
        actor=actor,
        token=planned.token,
        action=action,
        reason=reason,
        confirmation=phrase(action, planned),
        show_once=lambda secret: click.echo(_("Shown this once: %(secret)s", secret=secret)),
    )
    click.echo(_("Done, as bulk run %(number)s.", number=done.id))
    _print_outcomes(actor, action, done)


def _print_title(actor: Actor, action: Action, planned: BulkRun, query: lists.Query | None) -> None:
    click.echo(report.title(actor, planned, action))
    if _filters_moments(action, query):
        click.echo("  " + _("Days are days in UTC."))


def _print_outcomes(actor: Actor, action: Action, bulk_run: BulkRun) -> None:
    for outcome, number in bulk_run.counts.items():
        click.echo(f"  {OUTCOMES[outcome]}: {formatted(number)}")
    for sentence in report.refusals(actor, bulk_run, action):
        click.echo(f"  {sentence}")
