"""Related rows that somebody does not see: what they save leaves these as they are.

No form shows them, so none can tell whether they are meant to go. Lists and details link to none.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

R = TypeVar("R", bound=Record)


def unseen(actor: Actor, rows: Sequence[R]) -> list[R]:
    """Return those of several rows of one model that the actor does not see."""
    if not rows:
        return []
    model = type(rows[0])
    seen = select(model.id).where(model.id.in_([row.id for row in rows]), scope(actor, model))
    seen_ids = set(db.session.scalars(seen))
    return [row for row in rows if row.id not in seen_ids]


def without_page(
    actor: Actor | None, model: type[Record], labelled: Iterable[tuple[RowKey, object]]
) -> frozenset[RowKey]:
    """Return the ids of those rows, given with their labels, that have no page for the actor.

    Of rows that the actor does not see no name is told: what is left of a deleted client is called
    by its number. Only rows that end with theirs are asked for.
    """
    ids = {row_id for row_id, label in labelled if str(label).endswith(f" {row_id}")}
    if not ids:
        return frozenset()
    seen = select(model.id).where(model.id.in_(sorted(ids)), scope(actor, model))
    return frozenset(ids.difference(db.session.scalars(seen)))
