"""Turn a person's row into the Actor that the policy asks about."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import Row, bindparam, cast, exists, false, literal, null, select, union_all

from backoffice.auth import admission, sessions
from backoffice.errors import NotAllowed, SignedOut
from backoffice.extensions import db
from backoffice.models.associations import (
    is_current,
    user_client_tags,
    user_groups,
    user_platform_accounts,
    user_sub_accounts,
)
from backoffice.models.base import moment
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.node import ROOT, Node
from backoffice.models.reveal import Reveal
from backoffice.models.user import User
from backoffice.policy import reach, second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.settings import Settings
from backoffice.transactions import is_writing

# The statements are built once, because every request runs them. Each row says by the way whether
# there are nodes besides the root.
_HAS_NODES = exists().where(Node.id != ROOT).label("has_nodes")
_GROUPS = (
    select(
        Group.id,
        Group.key,
        Group.name,
        Group.permissions,
        Group.all_permissions,
        user_groups.c.ends_at,
        Group.mask_data,
        _HAS_NODES,
    )
    .join(user_groups, user_groups.c.group_id == Group.id)
    .where(user_groups.c.user_id == bindparam("user"), is_current())
)
_GROUPS_LOCKED = _GROUPS.order_by(Group.id).with_for_update(read=True, of=Group)
_EXTRA = select(DirectGrant.permission.label("code"), DirectGrant.ends_at, _HAS_NODES).where(
    DirectGrant.user_id == bindparam("user"), DirectGrant.current()
)
# Groups and, without a group, extra permissions.
_TOGETHER = union_all(
    _GROUPS.add_columns(literal("").label("code")),
    _EXTRA.with_only_columns(
        cast(null(), Group.id.type),
        cast(null(), Group.key.type),
        literal(""),
        cast(null(), Group.permissions.type),
        false(),
        DirectGrant.ends_at,
        false(),
        _HAS_NODES,
        DirectGrant.permission,
    ),
)
_GroupRow = Row[int, str, str, list[str], bool, datetime | None, bool, bool]
_ExtraRow = Row[str, datetime | None, bool]
_TAGS = select(user_client_tags.c.client_tag_id).where(
    user_client_tags.c.user_id == bindparam("user")
)
_REVEALED = select(Reveal.area, Reveal.row_id).where(
    Reveal.user_id == bindparam("user"), Reveal.ends_at > moment()
)
_PLATFORM_ACCOUNTS = select(user_platform_accounts.c.node_id).where(
    user_platform_accounts.c.user_id == bindparam("user")
)
_SUB_ACCOUNTS = select(user_sub_accounts.c.node_id).where(
    user_sub_accounts.c.user_id == bindparam("user")
)
T = TypeVar("T")


def lock_own_row(actor: Actor) -> User:
    """Lock and return the actor's own row, which nobody else can change meanwhile.

    Raises NotAllowed if the person was blocked or deleted since the request began, or may no longer
    come from this address. Raises SignedOut if the session was ended, or if it proves a password,
    factor or address that was changed.
    """
    statement = (
        select(User)
        .where(User.id == actor.user_id, User.status == "active")
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    user = db.session.scalar(statement)
    if user is None or not admission.is_admitted(user, actor.ip):
        raise NotAllowed
    if actor.session_id and not sessions.is_live(actor.session_id, user):
        raise SignedOut(_("You were signed out meanwhile. Sign in again to go on."))
    return user


def actor_of(
    user: User,
    settings: Settings | None = None,
    *,
    ip: str = "",
    request_id: str = "",
    session_id: int | None = None,
    confirmed: bool = False,
) -> Actor:
    """Return the Actor for a person, with everything that they may do now.

    That is what their groups and their extra permissions allow, as far as these have not ended. In
    a transaction that may write, the groups stay as they are until it ends; the caller has locked
    the person.

    Args:
        settings: if given, the Actor also says whether they have to enrol a second factor first.
        ip: the address that they ask from.
        request_id: the number of the request, for the events log.
        session_id: the session that they are signed in with; None outside a browser.
        confirmed: whether they gave a password or a code within the last minutes.
    """
    groups, extra = _given(user.id)
    enrolment_due = settings is not None and _enrolment_due(user, groups, settings)
    password_change_due = user.password_state == "temporary" or _lost_its_factor(user)
    actor = replace(
        Actor(user.id, user.email or user.login or "", user.name),
        enrolment_due=enrolment_due,
        password_change_due=password_change_due,
        preferences=user.preferences,
        two_factor=user.two_factor,
        language=user.language,
        time_zone=user.time_zone,
        avatar=user.avatar,
        ip=ip,
        request_id=request_id,
        session_id=session_id,
        confirmed=confirmed,
    )
    actor = _with_reach(_with_groups(actor, groups, extra), user, (*groups, *extra))
    return _with_limits(actor, user, groups)


def _with_reach(actor: Actor, user: User, given: Iterable[_GroupRow | _ExtraRow]) -> Actor:
    """Return the actor with what they reach of the organisation, and whether it has nodes.

    `given` are the rows of what they were given, which say that too.
    """
    person = {"user": user.id}
    some, few = user.platform_accounts_mode == "only", user.sub_accounts_mode == "only"
    reached = reach.of_modes(
        user.node_id,
        user.platform_accounts_mode,
        db.session.scalars(_PLATFORM_ACCOUNTS, person) if some else (),
        user.sub_accounts_mode,
        db.session.scalars(_SUB_ACCOUNTS, person) if few else (),
    )
    has_nodes = can(actor, "nodes.view") and any(row.has_nodes for row in given)
    return replace(actor, node_id=user.node_id, reach=reached, has_nodes=has_nodes)


def _with_limits(actor: Actor, user: User, groups: Sequence[_GroupRow]) -> Actor:
    """Return the actor with what decides which clients they see, and how much of them."""
    person = {"user": user.id}
    by_tags = user.client_tags_mode != "all"
    is_masked = user.mask_data or any(group.mask_data for group in groups)
    return replace(
        actor,
        client_tags_mode=user.client_tags_mode,
        client_tag_ids=frozenset(db.session.scalars(_TAGS, person) if by_tags else ()),
        countries_mode=user.countries_mode,
        countries=frozenset(user.countries),
        mask_data=is_masked,
        revealed=_revealed(actor, user) if is_masked else {},
    )


def _revealed(actor: Actor, user: User) -> dict[str, frozenset[int]]:
    """Return the ids of the rows, by table, that the person sees without masks now.

    They end with the permission to reveal them.
    """
    revealed: dict[str, frozenset[int]] = {}
    for area, row_id in db.session.execute(_REVEALED, {"user": user.id}):
        if can(actor, f"{area}.reveal"):
            revealed[area] = revealed.get(area, frozenset()) | {row_id}
    return revealed


def _given(user_id: int) -> tuple[Sequence[_GroupRow], Sequence[_ExtraRow]]:
    """Return the groups that the person is in, and their extra permissions."""
    person = {"user": user_id}
    if is_writing():  # PostgreSQL locks no rows of several statements joined by UNION
        groups = db.session.execute(_GROUPS_LOCKED, person).all()
        return groups, db.session.execute(_EXTRA, person).all()
    rows = db.session.execute(_TOGETHER, person).all()
    groups = sorted((row for row in rows if row.id is not None), key=lambda row: row.id)
    return groups, [row for row in rows if row.id is None]


def _with_groups(actor: Actor, groups: Sequence[_GroupRow], extra: Iterable[_ExtraRow]) -> Actor:
    """Return the actor with what these groups and extra permissions allow together."""
    held = [(code, group.ends_at) for group in groups for code in group.permissions]
    held += [(grant.code, grant.ends_at) for grant in extra]
    everything = [("", group.ends_at) for group in groups if group.all_permissions]
    return replace(
        actor,
        permissions=frozenset(code for code, _end in held),
        all_permissions=bool(everything),
        group_ids=frozenset(group.id for group in groups),
        group_names=tuple(sorted(group.name for group in groups)),
        permission_ends=_ends(held),
        group_ends=_ends((group.id, group.ends_at) for group in groups),
        all_permissions_end=_ends(everything).get(""),
    )


def _ends(held: Iterable[tuple[T, datetime | None]]) -> dict[T, datetime]:
    """Return when what is held ends for good, without what is also held without an end."""
    ends: dict[T, datetime] = {}
    lasting = set()
    for each, ends_at in held:
        if ends_at is None:
            lasting.add(each)
        else:
            ends[each] = max(ends_at, ends.get(each, ends_at))
    return {each: end for each, end in ends.items() if each not in lasting}


def _enrolment_due(user: User, groups: Sequence[_GroupRow], settings: Settings) -> bool:
    """Return whether their groups, or their node, demand a second factor that they do not have."""
    demanded = second_factor.is_demanded(user)
    return second_factor.is_due(user.two_factor, groups, settings, by_node=demanded)


def _lost_its_factor(user: User) -> bool:
    """Return whether the password is too short since the second factor beside it is gone."""
    return user.password_is_short and user.two_factor == "disabled"
