"""Who may give what: nobody gives a group, a permission or a client tag beyond their own."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, true
from sqlalchemy.orm import Session, aliased

from backoffice.models.associations import group_grants, user_client_tags, user_groups
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can


def grantable_group_ids(session: Session, actor: Actor, *, held: bool = False) -> frozenset[int]:
    """The groups that `actor` may give and take: named by a grant of an own group, and within own permissions.

    `held` is for what is written by it: no group becomes another one until the transaction ends. Hold the people that
    are written first, for whoever changes a group holds their own row already.
    """
    named = select(group_grants.c.grantable_id).where(group_grants.c.group_id.in_(actor.group_ids))
    found = select(
        Group.id, Group.permissions, Group.all_permissions, Group.id.in_(named).label("named")
    )
    if held:
        found = found.order_by(Group.id).with_for_update(read=True, of=Group)
    return frozenset(
        row.id
        for row in session.execute(found)
        if actor.all_permissions
        or (row.named and not row.all_permissions and actor.permissions.issuperset(row.permissions))
    )


def strong_group_ids(session: Session) -> frozenset[int]:
    """The groups whose members decide about people, groups or what others see, by the catalogue of permissions."""
    granting = {permission.code for permission in catalogue().values() if permission.grants}
    rows = session.execute(select(Group.id, Group.permissions, Group.all_permissions))
    return frozenset(
        row.id for row in rows if row.all_permissions or not granting.isdisjoint(row.permissions)
    )


def outranks(actor: Actor, grantable: Iterable[int], user_id: Any = User.id) -> ColumnElement[bool]:
    """In SQL: the user holds a group that the actor may not give, so that the actor may not touch them."""
    if actor.all_permissions:
        return ~true()
    beyond = user_groups.c.group_id.not_in(list(grantable))
    return exists().where(user_groups.c.user_id == user_id, beyond)


def may_hold(actor: Actor, codes: Iterable[str]) -> list[str]:
    """Those of `codes` that the actor could not give, because they are beyond their own."""
    return sorted(code for code in codes if not can(actor, code))


def allowed_client_tags(actor: Actor) -> ColumnElement[bool]:
    """In SQL: the client tags that the actor's own scope covers, the only ones they may give."""
    own = select(user_client_tags.c.client_tag_id).where(
        user_client_tags.c.user_id == actor.user_id
    )
    if actor.client_tags_mode == "all":
        return true()
    return ClientTag.id.in_(own) if actor.client_tags_mode == "only" else ClientTag.id.not_in(own)


ADMINISTRATORS_LOCK = "administrators"  # held by whatever may take the last one away


def administers(user: Any = User) -> ColumnElement[bool]:
    """In SQL: an administrator who can sign in, of whom there must always be one."""
    group = aliased(Group)
    member = exists().where(
        user_groups.c.user_id == user.id,
        user_groups.c.group_id == group.id,
        group.key == ADMINISTRATORS,
    )
    return and_(member, user.can_sign_in())
