"""Show and change a person's own profile, which needs no permission."""

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import languages, time_zones
from backoffice.auth import sessions
from backoffice.auth.actors import lock_own_row
from backoffice.data import records
from backoffice.data.records import Values
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor

FIELDS = ("first_name", "last_name", "phone", "language", "time_zone")


def own(actor: Actor) -> User:
    """Return the actor's own row."""
    return db.session.get_one(User, actor.user_id)


def update(*, actor: Actor, version: int | None, values: Values) -> User:
    """Change the actor's own profile, as it was read at `version`.

    Others can no longer change a name that a person gave themselves. Raises Conflict if somebody
    else changed the profile meanwhile, or RuleBroken with the field it belongs to.
    """
    wanted = {name: value for name, value in values.items() if name in FIELDS}
    _check(wanted)
    user = lock_own_row(actor)
    records.change(actor=actor, row=user, version=version, values=wanted, action="account.edit")
    return user


def live_sessions(actor: Actor) -> int:
    """Return how many sessions the actor has now, this one included."""
    own_id = select(User.id).where(User.id == actor.user_id)
    return db.session.scalar(sessions.count_live(own_id)) or 0


def _check(values: Values) -> None:
    if "language" in values:
        offered = dict(languages.offered())
        if values["language"] not in offered:
            raise RuleBroken(_("Choose one of the offered languages."), field="language")
    if "time_zone" in values and not time_zones.is_offered(str(values["time_zone"])):
        raise RuleBroken(_("Choose one of the offered time zones."), field="time_zone")
