"""Compute anew the keys by which texts are searched, sorted and compared."""

from functools import partial

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice.extensions import db
from backoffice.models.base import Searchable, records
from backoffice.models.keys import keys_of, search_key
from backoffice.models.refolding import refold as refold_table
from backoffice.transactions import begin


def add(group: AppGroup) -> None:
    group.command("refold")(refold)


def refold() -> None:
    """Make the keys for search, sort and uniqueness anew, and name the rows that are alike."""
    begin(writing=True)
    for model in records():
        if not issubclass(model, Searchable):
            continue
        connection = db.session.connection()
        make_search_key = partial(search_key, model)
        for line in refold_table(connection, model.__table__, keys_of(model), make_search_key):
            click.echo(line)
    db.session.commit()
    click.echo(_("Every key is what the text says, but for the rows above."))
