"""The keys by which texts are compared, made anew."""

from functools import partial

import click
from flask.cli import AppGroup

from backoffice.extensions import begin, db
from backoffice.models.base import Searchable, records
from backoffice.models.keys import keys_of, search_key
from backoffice.models.refolding import refold as made_anew


def add(group: AppGroup) -> None:
    group.command("refold")(refold)


def refold() -> None:
    """Make the keys for search, sort and uniqueness anew, and name the rows that are alike."""
    begin(writing=True)
    for model in records():
        if issubclass(model, Searchable):
            made = made_anew(
                db.session.connection(), model.__table__, keys_of(model), partial(search_key, model)
            )
            for line in made:
                click.echo(line)
    db.session.commit()
    click.echo("Every key is what the text says, but for the rows above.")
