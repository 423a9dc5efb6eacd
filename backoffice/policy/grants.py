"""Decides who can assign what, and until when: nobody gives anything beyond their own."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, and_, exists, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import AliasedClass

from backoffice.models.associations import (
    group_grants,
    is_current,
    user_client_tags,
    user_groups,
)
from backoffice.models.client_tag import ClientTag
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can

ADMINISTRATORS_LOCK = "administrators"  # held by every change that may remove the last one


def grantable_group_ids(session: Session, actor: Actor, *, locked: bool = False) -> frozenset[int]:
    """Return the ids of the groups that `actor` can assign.

    One of the actor's groups must grant such a group, and its permissions must be within their own.

    With `locked`, the groups cannot change until the transaction ends, which is needed if something
    is written because of them. To avoid a deadlock, lock the users that are written first:
    everybody who changes a group already holds their own row.
    """
    granted = select(group_grants.c.grantable_id).where(
        group_grants.c.group_id.in_(actor.group_ids)
    )
    query = select(
        Group.id,
        Group.permissions,
        Group.all_permissions,
        Group.id.in_(granted).label("is_granted"),
    )
    if locked:
        query = query.order_by(Group.id).with_for_update(read=True, of=Group)
    return frozenset(row.id for row in session.execute(query) if _may_give(actor, row))


def _may_give(actor: Actor, group: Row[int, list[str], bool, bool]) -> bool:
    if actor.all_permissions:
        return True
    if not group.is_granted or group.all_permissions:
        return False
    return actor.permissions.issuperset(group.permissions)


def assignable_until(
    session: Session, actor: Actor, *, locked: bool = False
) -> dict[int, datetime | None]:
    """Return until when the actor can assign groups, by their ids; None is without an end.

    What one assigns ends no later. `locked` is that of `grantable_group_ids`.
    """
    latest: dict[int, datetime | None] = {}
    for end in (None, *actor.ends):
        for group_id in grantable_group_ids(session, actor.until(end), locked=locked):
            latest.setdefault(group_id, end)
    return latest


def held_until(actor: Actor, code: str) -> datetime | None:
    """Return until when the actor holds a permission that they hold; None is without an end."""
    ends = (end for end in actor.ends if can(actor.until(end), code))
    return None if can(actor.until(None), code) else next(ends)


def strong_group_ids(session: Session) -> frozenset[int]:
    """Return the ids of the groups whose members decide about people, groups or what others see.

    These are the groups with a strong permission, see `Permission`.
    """
    strong = {permission.code for permission in catalogue().values() if permission.is_strong}
    groups = session.execute(select(Group.id, Group.permissions, Group.all_permissions))
    return frozenset(
        group.id
        for group in groups
        if group.all_permissions or not strong.isdisjoint(group.permissions)
    )


def outranks(
    actor: Actor, grantable: Iterable[int], user_id: SQLColumnExpression[int] = User.id
) -> ColumnElement[bool]:
    """SQL: whether the user has a group or an extra permission that the actor may not give.

    So it is with users who see more of the clients. The actor may not change such a user: whoever
    could reset their password would be them.
    """
    sees_more = client_limits.sees_more(actor, user_id)
    if actor.all_permissions:
        return sees_more
    group_beyond = user_groups.c.group_id.not_in(list(grantable))
    code_beyond = DirectGrant.permission.not_in(list(actor.permissions))
    return or_(
        exists().where(user_groups.c.user_id == user_id, group_beyond, is_current()),
        exists().where(DirectGrant.user_id == user_id, code_beyond, DirectGrant.current()),
        sees_more,
    )


def is_strong(codes: Iterable[str]) -> bool:
    """Return whether one of the permissions gives power over others, see `Permission`."""
    permissions = catalogue()
    return any(permissions[code].is_strong for code in codes if code in permissions)


def codes_beyond(actor: Actor, codes: Iterable[str]) -> list[str]:
    """Return those of `codes` that the actor does not hold, and therefore may not give."""
    return sorted(code for code in codes if not can(actor, code))


def allowed_client_tags(actor: Actor) -> ColumnElement[bool]:
    """SQL: whether the actor may give the client tag: it is in their own client scope."""
    if actor.client_tags_mode == "all":
        return true()
    own_tags = select(user_client_tags.c.client_tag_id).where(
        user_client_tags.c.user_id == actor.user_id
    )
    if actor.client_tags_mode == "only":
        return ClientTag.id.in_(own_tags)
    return ClientTag.id.not_in(own_tags)


def administers(user: type[User] | AliasedClass[User] = User) -> ColumnElement[bool]:
    """SQL: whether the user is an administrator, without an end, who can sign in.

    There must always be at least one. Whoever is one until a certain day does not count.
    """
    group = aliased(Group)
    member = exists().where(
        user_groups.c.user_id == user.id,
        user_groups.c.group_id == group.id,
        group.key == ADMINISTRATORS,
        user_groups.c.ends_at.is_(None),
    )
    return and_(member, user.can_sign_in())
