"""From a person's row to the Actor that the policy asks about."""

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select

from backoffice.auth import networks, sessions
from backoffice.errors import NotAllowed, SignedOut
from backoffice.extensions import db, is_writing
from backoffice.models.associations import user_groups
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy import second_factor
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

_GROUPS = (  # made once, for every request asks it
    select(Group.id, Group.key, Group.name, Group.permissions, Group.all_permissions)
    .join(user_groups, user_groups.c.group_id == Group.id)
    .where(user_groups.c.user_id == bindparam("user"))
    .order_by(Group.id)
)
_HELD_GROUPS = _GROUPS.with_for_update(read=True, of=Group)


def themselves(actor: Actor) -> User:
    """The actor's own row, which nobody else changes meanwhile.

    Raises NotAllowed for whoever was blocked or deleted since the request began, or may not come from there any more;
    SignedOut where the session was ended, or proves a password, factor or address that are other ones by now.
    """
    own = (
        select(User)
        .where(User.id == actor.user_id, User.status == "active")
        .with_for_update(key_share=True)
    )
    user = db.session.scalar(own.execution_options(populate_existing=True))
    if user is None or not networks.admits(user.ip_whitelist, actor.ip):
        raise NotAllowed
    if actor.session_id and not sessions.is_live(actor.session_id, user):
        raise SignedOut("You were signed out meanwhile. Sign in again to go on.")
    return user


def actor_of(user: User, settings: Settings | None = None, **request: Any) -> Actor:
    """The person with all that their groups allow now; `request` is where they ask from, as Actor has it.

    With `settings` it also says whether they have to enrol a second factor first. Where something may be written, the
    groups stay as they are until the transaction ends; whoever calls this holds the person.
    """
    groups = db.session.execute(_HELD_GROUPS if is_writing() else _GROUPS, {"user": user.id}).all()
    return replace(
        Actor(user.id, user.email or user.login or "", user.name),
        permissions=frozenset(code for group in groups for code in group.permissions),
        all_permissions=any(group.all_permissions for group in groups),
        group_ids=frozenset(group.id for group in groups),
        group_names=tuple(sorted(group.name for group in groups)),
        client_tags_mode=user.client_tags_mode,
        enrolment_due=settings is not None
        and second_factor.is_due(user.two_factor, groups, settings),
        password_change_due=user.password_state == "temporary" or _lost_its_factor(user),
        preferences=user.preferences,
        two_factor=user.two_factor,
        language=user.language,
        time_zone=user.time_zone,
        avatar=user.avatar,
        **request,
    )


def _lost_its_factor(user: User) -> bool:
    """A password that is short for one that stands alone, as it does since the second factor went."""
    return user.password_is_short and user.two_factor == "disabled"
