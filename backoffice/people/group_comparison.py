"""What two groups allow, or one group now and before it was changed, to be put side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice.data import choices, disclosure, lists, records
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, catalogue
from backoffice.policy.rules import can, scope, sees

LOOKED_AT = 500  # events about a group, when it is asked what it was like before one of them
SHOWN = 50  # changes of a group that are offered
ATTRIBUTES = ("permissions", "grants")


@dataclass(frozen=True)
class Side:
    """A group at one moment.

    Attributes:
        group: the group.
        permissions: the codes that its members have.
        grants: the names of the groups that they can assign, by id, or by name where that is lost.
        members: how many there are, in words; None where that is not known or not to be told.
    """

    group: Group
    permissions: frozenset[str]
    grants: Mapping[int | str, str]
    members: str | None = None


def now(*, actor: Actor, group: Group) -> Side:
    """Return the group as it is."""
    codes = catalogue() if group.all_permissions else group.permissions
    grants: dict[int | str, str] = {other.id: other.name for other in _assignable(actor, group)}
    return Side(group, frozenset(codes), grants, _members(actor, group))


def before(*, actor: Actor, group: Group, event_id: int) -> Side:
    """Return the group as it was before the event.

    Raises NotFound if it is none about the group that the actor may read, or too long ago.
    """
    present = now(actor=actor, group=group)
    values: dict[str, Any] = {}
    for event in _since(actor, group, event_id):
        for name, value in (event.before or {}).items():
            values.setdefault(name, value)
    permissions = values.get("permissions", present.permissions)
    grants = _noted(values["grants"]) if "grants" in values else present.grants
    return Side(group, frozenset(permissions), grants)


def restorable(*, actor: Actor, then: Side) -> dict[str, list[str]]:
    """Return the fields of the form that make the group as it was; none if it is not the actor's.

    What is there no more is left out: permissions of the product, and groups.
    """
    if not can(actor, "groups.edit") or records.out_of_reach(actor, then.group):
        return {}
    ids = [key for key in then.grants if isinstance(key, int)]
    found, _more = choices.offered(actor=actor, model=Group, ids=ids, limit=len(ids))
    permissions = sorted(then.permissions & catalogue().keys())
    return {
        "version": [str(then.group.version)],
        "permissions": ["", *permissions],
        "grants": ["", *(str(row_id) for row_id, _name in found)],
    }


def changes(*, actor: Actor, group: Group) -> list[Event]:
    """Return the latest events that changed what members may do, as far as the actor sees any."""
    if not sees(actor, Event):
        return []
    statement = _about(actor, group).order_by(Event.id.desc()).limit(SHOWN)
    return [event for event in db.session.scalars(statement) if _changes_rights(event)]


def _since(actor: Actor, group: Group, event_id: int) -> Sequence[Event]:
    """Return the events about the group from this one on, the first ones first."""
    statement = _about(actor, group).where(Event.id >= event_id).order_by(Event.id)
    events = db.session.scalars(statement.limit(LOOKED_AT)).all() if sees(actor, Event) else []
    ids = [event.id for event in events]
    readable = disclosure.readable_events(actor, ids)
    if not ids or ids[0] != event_id or readable != set(ids):
        raise NotFound(_("There is no such change of this group, or it is not yours to see."))
    return events


def _about(actor: Actor, group: Group) -> Any:
    about = (Event.subject_type == area_of(Group), Event.subject_id == group.id)
    return select(Event).where(scope(actor, Event), *about, Event.result == "done")


def _changes_rights(event: Event) -> bool:
    return any(name in (event.before or {}) for name in ATTRIBUTES)


def _noted(mentions: Sequence[Any]) -> dict[int | str, str]:
    """Return the groups that an event mentions; older events have their names alone."""
    named = [each for each in mentions if isinstance(each, str)]
    known = select(Group.name, Group.id).where(Group.name.in_(named))
    ids = dict(db.session.execute(known).all())
    by_id = {each["id"]: each["label"] for each in mentions if not isinstance(each, str)}
    return {**by_id, **{ids.get(name, name): name for name in named}}


def _assignable(actor: Actor, group: Group) -> Sequence[Group]:
    """Return the groups that members can assign, as far as the actor sees them."""
    if group.all_permissions:
        return db.session.scalars(select(Group).where(scope(actor, Group))).all()
    return records.named(actor=actor, model=Group, rows=group.grants)


def _members(actor: Actor, group: Group) -> str | None:
    if not sees(actor, User):
        return None
    members = (
        select(User.id)
        .join(user_groups, user_groups.c.user_id == User.id)
        .where(user_groups.c.group_id == group.id, is_current(), scope(actor, User))
    )
    return lists.capped(db.session.scalar(lists.counting(members)) or 0)
