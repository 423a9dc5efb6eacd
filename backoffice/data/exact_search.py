"""Search for a whole address or number that the actor sees masked; each such question is logged."""

from dataclasses import replace

from sqlalchemy import select

from backoffice import events
from backoffice.data import comparable, lists
from backoffice.data.lists import Query
from backoffice.database import writable
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.text.masks import masked
from backoffice.transactions import begin


def ask(*, actor: Actor, model: type[Record], query: Query) -> Query:
    """Return the query as one that may find a whole address or number.

    If it asks for one, and the actor may, an event about the row that is found is logged and
    committed; it keeps what was asked for as the actor sees it.
    """
    mask = comparable.asked_exactly(actor, model, query.search)
    if not mask:
        return query
    exact = replace(query, is_exact=True)
    found = db.session.scalar(select(model.id).where(lists.matching(actor, model, exact)).limit(1))
    area = area_of(model)
    with writable():
        begin(writing=True)
        events.record(
            actor=actor,
            action=f"{area}.find_exact",
            subject=(area, found),
            after={mask: masked(mask, query.search)},
        )
        db.session.commit()
    return exact
