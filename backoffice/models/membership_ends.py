"""When the first of a person's memberships in groups that end does so."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from backoffice.models.associations import user_groups
from backoffice.models.base import moment

ENDS = ("soon", "later", "none")  # soon: within SOON
SOON = timedelta(days=7)  # before its end, an access is said to end soon


def ends(users: Any, when: str) -> ColumnElement[bool]:
    """SQL: whether the first membership of the user that ends does so then, one of ENDS."""
    ends_at = user_groups.c.ends_at
    ending = select(user_groups.c.user_id).where(ends_at > moment())
    is_soon = users.id.in_(ending.where(ends_at <= moment(SOON)))
    match when:
        case "soon":
            return is_soon  # type: ignore[no-any-return]  # the mapped class is any
        case "later":
            return and_(users.id.in_(ending), ~is_soon)
    return users.id.not_in(ending)  # type: ignore[no-any-return]  # the mapped class is any
