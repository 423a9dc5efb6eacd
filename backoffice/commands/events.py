"""Check the hash chain of the events log."""

import click
from flask.cli import AppGroup

from backoffice import events


def add(group: AppGroup) -> None:
    group.command("verify-events")(verify_events)


def verify_events() -> None:
    """Check that no event was changed, added or removed behind the product's back."""
    faults = events.verify()
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults found.")
    click.echo("The events log is complete and unchanged.")
