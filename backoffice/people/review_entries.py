"""Select what an access review asks about, and who decides it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    cast,
    literal,
    null,
    select,
    true,
    union_all,
    update,
)

from backoffice import clock, limits
from backoffice.auth.actors import actor_of
from backoffice.extensions import db
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import is_current, user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.types import BigInt
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, scope

# What reviewers need to see their entries, and to decide them.
NEEDED = ("access_review_items.view", "access_review_items.decide", "users.view")
COLUMNS = ("user_id", "group_id", "permission", "access", "reviewer_id", "last_login_at")
Uses = Mapping[str, Collection[str]]  # the actions of events, by the permission that they need
Sql = ColumnElement[Any]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a review asks about, whom, and until when.

    Attributes:
        people: the kind of people, as models/access_review.py has it.
        among: the SQL condition for the people whose access is asked about.
        group_ids: the groups that are asked about; none means all, and extra permissions too.
        reviewer_id: who decides; None means each group's own reviewer.
    """

    name: str
    ends_at: datetime
    people: str
    among: ColumnElement[bool]
    group_ids: Sequence[int] = ()
    reviewer_id: int | None = None


def lacks(reviewer: User) -> list[str]:
    """Return the permissions that the reviewer lacks to see and to decide their entries."""
    actor = actor_of(reviewer)
    return [code for code in NEEDED if not can(actor, code)]


def select_for(actor: Actor, terms: Terms) -> CompoundSelect[Any] | Select[Any]:
    """Select what there is to ask about, as COLUMNS: memberships, and extra permissions."""
    among = and_(scope(actor, User), terms.among)
    memberships = _memberships(actor, terms).where(among)
    if terms.group_ids:
        return memberships.where(Group.id.in_(terms.group_ids))
    return union_all(memberships, _extra(actor, terms).where(among))


def _memberships(actor: Actor, terms: Terms) -> Select[Any]:
    values = (Group.id, literal(""), Group.name)
    rows = _named(values, _but_oneself(actor, _reviewer(actor, terms)))
    membership = and_(user_groups.c.user_id == User.id, is_current())
    return rows.join(user_groups, membership).join(Group, Group.id == user_groups.c.group_id)


def _extra(actor: Actor, terms: Terms) -> Select[Any]:
    values = (cast(null(), BigInt), DirectGrant.permission, DirectGrant.permission)
    reviewer = literal(terms.reviewer_id or actor.user_id, BigInt)
    rows = _named(values, _but_oneself(actor, reviewer))
    held = and_(DirectGrant.user_id == User.id, DirectGrant.current())
    return rows.join(DirectGrant, held)


def _named(values: Sequence[Any], reviewer: Sql) -> Select[Any]:
    columns = (User.id, *values, reviewer, User.last_login_at)
    named = [column.label(name) for column, name in zip(columns, COLUMNS, strict=True)]
    return select(*named).select_from(User)


def _reviewer(actor: Actor, terms: Terms) -> Sql:
    """Return, in SQL, who decides about members of a group: in default of others, the actor."""
    if terms.reviewer_id:
        return literal(terms.reviewer_id, BigInt)
    reviewing = select(Group.reviewer_id).where(Group.reviewer_id.is_not(None))
    active = select(User).where(User.id.in_(reviewing), User.status == "active")
    able = [user.id for user in db.session.scalars(active).all() if not lacks(user)]
    return case((Group.reviewer_id.in_(able), Group.reviewer_id), else_=_id_of(actor))


def _but_oneself(actor: Actor, reviewer: Sql) -> Sql:
    """Return the reviewer, but the actor for the reviewer's own access, and nobody for theirs."""
    own_id = _id_of(actor)
    return case((reviewer != User.id, reviewer), (own_id != User.id, own_id), else_=null())


def _id_of(actor: Actor) -> Sql:
    return literal(actor.user_id, BigInt)


def note_uses(review_id: int, uses: Uses) -> None:
    """Note when each person last did what an entry allows, one statement for each such thing."""
    item = AccessReviewItem
    asked = select(item.group_id, item.permission).where(item.review_id == review_id).distinct()
    for group_id, code in db.session.execute(asked).all():
        group = db.session.get(Group, group_id) if group_id else None
        latest = _last_use(_actions(group, code, uses))
        same = item.group_id == group_id if group_id else item.group_id.is_(None)
        change = update(item).where(item.review_id == review_id, same, item.permission == code)
        noted = change.values(last_used_at=latest.correlate(item).scalar_subquery())
        db.session.execute(noted.execution_options(synchronize_session=False))


def _actions(group: Group | None, code: str, uses: Uses) -> ColumnElement[bool]:
    """Return the condition for events that show a use of what the group, or the code, allows."""
    if group and group.all_permissions:
        return true()
    codes = group.permissions if group else [code]
    return Event.action.in_(sorted({use for each in codes for use in uses.get(each, ())}))


def _last_use(which: ColumnElement[bool]) -> Select[Any]:
    since = clock.now() - timedelta(days=limits.REVIEW_USES)
    own = (Event.actor_id == AccessReviewItem.user_id, Event.at > since, Event.result == "done")
    return select(Event.at).where(*own, which).order_by(Event.at.desc()).limit(1)
