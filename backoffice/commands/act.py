"""Actions from the command line: the same preview, rules, events and result as on the screen."""

import click
from flask.cli import AppGroup

from backoffice.actions.engine import report
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import phrase, run
from backoffice.data import lists
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.policy.actor import system


def add(group: AppGroup) -> None:
    group.command("act")(act)


@click.argument("code")
@click.option("--id", "ids", type=int, multiple=True, help="A row's number; may be repeated.")
@click.option(
    "--where",
    multiple=True,
    help="A filter as in a list's address: status=active, search=ma. Days are days in UTC.",
)
@click.option("--with", "parameters", multiple=True, help="A parameter: group=3.")
@click.option("--reason", default="")
@click.option("--yes", is_flag=True, help="Run it; without this, only the preview is shown.")
def act(
    *,
    code: str,
    ids: tuple[int, ...],
    where: tuple[str, ...],
    parameters: tuple[str, ...],
    reason: str,
    yes: bool,
) -> None:
    """Preview the action CODE, such as users.block, and with --yes run it."""
    action = find(code)
    if action is None:
        raise click.ClickException(f"There is no action {code}.")
    actor = system()
    given: dict[str, list[str]] = {}
    for name, _, value in (text.partition("=") for text in parameters):
        given.setdefault(name, []).append(value)
    try:
        query = lists.parse(
            action.model, [(k, v) for k, _, v in (text.partition("=") for text in where)]
        )
        selection = Selection(query=query) if where else Selection(ids=ids)
        shown = preview(actor=actor, action=action, selection=selection, parameters=given)
        click.echo(report.title(actor, shown.run, action))
        if any(fields.kind(action.model, filter_.name) == "time" for filter_ in query.filters):
            click.echo("  Days are days in UTC.")
        _tell(shown.run.counts, report.refusals(actor, shown.run, action))
        if action.reason_required and not reason:
            click.echo("Running it needs a reason: add --reason.")
        if yes:
            done = run(
                actor=actor,
                token=shown.run.token,
                action=action,
                reason=reason,
                confirmation=phrase(action, shown.run),
                reveal=lambda secret: click.echo(f"Shown this once: {secret}"),
            )
            click.echo(f"Done, as bulk run {done.id}.")
            _tell(done.counts, report.refusals(actor, done, action))
        db.session.commit()
    except BackofficeError as error:
        raise click.ClickException(error.message or "There are no such rows.") from error


def _tell(counts: dict[str, int], refusals: list[str]) -> None:
    for outcome, number in counts.items():
        click.echo(f"  {outcome}: {number:,}")
    for sentence in refusals:
        click.echo(f"  {sentence}")
