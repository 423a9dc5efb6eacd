"""A person's own profile: what they may say about themselves, without any permission."""

from typing import Any

from sqlalchemy import select

from backoffice import languages, time_zones
from backoffice.auth import sessions
from backoffice.auth.actors import themselves
from backoffice.data import records
from backoffice.data.records import Values
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor

FIELDS = ("first_name", "last_name", "phone", "language", "time_zone")


def own(actor: Actor) -> User:
    """The row of the person who asks."""
    return db.session.get_one(User, actor.user_id)


def update(*, actor: Actor, version: int | None, values: Values) -> User:
    """Change one's own profile, as it was read at `version`. A name that one gives oneself is one's own from then on.

    Raises Conflict (somebody was faster) or RuleBroken with the field it belongs to.
    """
    wanted = {name: value for name, value in values.items() if name in FIELDS}
    _check(wanted)
    user = themselves(actor)
    records.change(actor=actor, row=user, version=version, values=wanted, action="account.edit")
    return user


def live_sessions(actor: Actor) -> int:
    """How many sessions the person has now, this one included."""
    return (
        db.session.scalar(sessions.count_live(select(User.id).where(User.id == actor.user_id))) or 0
    )


def _check(values: dict[str, Any]) -> None:
    if "language" in values and values["language"] not in dict(languages.offered()):
        raise RuleBroken("Choose one of the offered languages.", field="language")
    if "time_zone" in values and not time_zones.is_offered(values["time_zone"]):
        raise RuleBroken("Choose one of the offered time zones.", field="time_zone")
