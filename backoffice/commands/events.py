"""Check the hash chain of the events log."""

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice import events


def add(group: AppGroup) -> None:
    group.command("verify-events")(verify_events)


def verify_events() -> None:
    """Check that no event was changed, added or removed behind the product's back."""
    faults = events.verify()
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        number = len(faults)
        raise click.ClickException(_n("%(num)s fault found.", "%(num)s faults found.", number))
    click.echo(_("The events log is complete and unchanged."))
