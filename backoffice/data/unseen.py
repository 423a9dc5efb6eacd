"""Related rows that somebody does not see: what they save leaves these as they are.

No form shows them, so none can tell whether they are meant to go.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.base import Record
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
