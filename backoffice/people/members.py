"""Until when people are members of a group."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups


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
