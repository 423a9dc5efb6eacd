"""List the members of a group."""

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

MEMBERS_SHOWN = 100


def members(actor: Actor, group_id: int) -> tuple[list[User], bool]:
    """Return the first members by name whom the actor sees, and whether there are more."""
    statement = (
        select(User)
        .join(user_groups, user_groups.c.user_id == User.id)
        .where(user_groups.c.group_id == group_id, is_current(), scope(actor, User))
        .order_by(User.search_key, User.id)
        .limit(MEMBERS_SHOWN + 1)
    )
    users = list(db.session.scalars(statement))
    return users[:MEMBERS_SHOWN], len(users) > MEMBERS_SHOWN
