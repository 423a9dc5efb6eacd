"""Say who of the administrators can sign in and how, before a setting is changed."""

from dataclasses import replace

import click
from flask.cli import AppGroup

from backoffice.people import forecast as foretelling
from backoffice.people.forecast import Change
from backoffice.policy.actor import system
from backoffice.settings import configured


def add(group: AppGroup) -> None:
    group.command("forecast")(forecast)


@click.option(
    "--two-factor-groups",
    metavar="NAMES",
    help="What TWO_FACTOR_GROUPS would be, separated by commas.",
)
def forecast(*, two_factor_groups: str | None) -> None:
    """Say which administrators can sign in, and how, or could with another setting.

    The exit code is 1 if none could, and 2 if that cannot be told.
    """
    change = Change()
    if two_factor_groups is not None:
        names = tuple(name.strip() for name in two_factor_groups.split(",") if name.strip())
        change = Change(settings=replace(configured(), two_factor_groups=names))
    for sentence in foretelling.sentences(system(), change):
        click.echo(sentence)
    if foretelling.forecast(system(), change).nobody:
        raise click.exceptions.Exit(1)
