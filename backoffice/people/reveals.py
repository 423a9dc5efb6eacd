"""Tell who sees a row without masks now, and until when."""

from datetime import datetime

from sqlalchemy import select

from backoffice.auth.actors import actor_of
from backoffice.extensions import db
from backoffice.models.base import Record, moment
from backoffice.models.reveal import Reveal
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named


def of_row(actor: Actor, row: Record) -> list[tuple[str, datetime]]:
    """Return those to whom the row is revealed, as the actor calls them, and when that ends.

    Whoever has lost the permission meanwhile is not among them.
    """
    area = area_of(type(row))
    statement = (
        select(User, named(actor, User), Reveal.ends_at)
        .join(Reveal, Reveal.user_id == User.id)
        .where(Reveal.area == area, Reveal.row_id == row.id, Reveal.ends_at > moment())
        .order_by(Reveal.ends_at, Reveal.id)
    )
    latest = {
        user: (name, ends_at)
        for user, name, ends_at in db.session.execute(statement).all()
        if row.id in actor_of(user).revealed.get(area, ())
    }
    return list(latest.values())
