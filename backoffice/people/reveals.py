"""Tell who sees a row without masks now, and until when."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Revealed:
    """A row is revealed to somebody, whom the actor calls `name`, until `ends_at`.

    `is_actor` says that it is the actor, as themselves.
    """

    name: str
    ends_at: datetime
    is_actor: bool


def of_row(actor: Actor, row: Record) -> list[Revealed]:
    """Return those to whom the row is revealed, and when that ends.

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
        user: Revealed(name, ends_at, user.id == actor.user_id and not actor.viewed_by)
        for user, name, ends_at in db.session.execute(statement).all()
        if row.id in actor_of(user).revealed.get(area, ())
    }
    return list(latest.values())
