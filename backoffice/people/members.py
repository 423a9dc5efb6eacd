"""How many people are members of groups, and until when."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope, sees

COUNTED = 200  # members of a group in a list; of larger ones only that there are more


def numbers(actor: Actor, group_ids: Sequence[int]) -> dict[int, str]:
    """Return how many members groups have whom the actor sees, in words, by the group's id.

    They are counted up to COUNTED. Whoever sees no people is told nothing.
    """
    if not sees(actor, User):
        return {}
    group = aliased(Group)
    members = (
        select(User.id)
        .join(user_groups, user_groups.c.user_id == User.id)
        .where(user_groups.c.group_id == group.id, is_current(), scope(actor, User))
    )
    number = lists.counting(members.correlate(group), COUNTED).scalar_subquery()
    counted = select(group.id, number).where(group.id.in_(group_ids))
    return {row_id: lists.capped(found, COUNTED) for row_id, found in db.session.execute(counted)}


def ends(group_id: int, user_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when memberships in the group end, by the ids of those users; of those that do."""
    columns = (user_groups.c.user_id, user_groups.c.ends_at)
    statement = select(*columns).where(
        user_groups.c.group_id == group_id,
        user_groups.c.user_id.in_(user_ids),
        user_groups.c.ends_at.is_not(None),
        is_current(),
    )
    return dict(db.session.execute(statement).all())
