"""Check the events log, and anchor its newest event."""

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice.events import anchors, checks, verification
from backoffice.events.anchors import Anchor
from backoffice.jobs import check_events
from backoffice.settings import configured


def add(group: AppGroup) -> None:
    group.command("verify-events")(verify_events)
    group.command("anchor-events")(anchor_events)


def _anchor(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> object:
    try:
        return [anchors.parsed(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.option(
    "--anchor",
    "known",
    multiple=True,
    callback=_anchor,
    metavar="NUMBER:HASH",
    help="An anchor from a mail or a log, which the log has to agree with. May be repeated.",
)
def verify_events(known: list[Anchor]) -> None:
    """Check that no event or comment was changed, added or removed behind the product's back.

    The result stands above the events log, but not that of a check with anchors given here.
    """
    if known:
        report = checks.examined(configured(), known)
        click.echo(_("With anchors of your own, the result is not kept: home does not show it."))
    else:
        report = checks.check(configured())
    for fault in report.first_faults:
        click.echo(verification.told(fault), err=True)
    if report.faults:
        number = report.faults
        raise click.ClickException(_n("%(num)s fault found.", "%(num)s faults found.", number))
    click.echo(_("The events log is complete and unchanged."))


def anchor_events() -> None:
    """Put the number and hash of the newest event where EVENTS_ANCHOR says, and print them."""
    try:
        anchor = check_events.publish(configured())
    except OSError as error:
        text = _("The anchor cannot be written: %(reason)s", reason=error.strerror)
        raise click.ClickException(text) from None
    click.echo(str(anchor) if anchor else _("There is no event yet."))
