"""Check what is written about groups, and create those that a new installation has."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select

from backoffice import events
from backoffice.data import records, texts
from backoffice.data.records import Values
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.models.associations import group_grants
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.node import ROOT, SERVICE_PROVIDER, Node
from backoffice.policy import client_limits, grants, permissions, second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope
from backoffice.policy.shipped import SHIPPED
from backoffice.policy.step_up import require_recent
from backoffice.settings import configured
from backoffice.text import in_utc, name_key
from backoffice.transactions import lock

GROUPS_LOCK = "groups"


@records.reached(Group)
def out_of_reach(actor: Actor, group: Group) -> str:
    """Return why the actor may not change the group, or an empty string if they may.

    Changing what a group may do gives or takes that from all its members. Administrators therefore
    stays as it is, nobody changes a group of their own, and others need to be able to give it.
    """
    return beyond_reach(actor, group, grants.grantable_group_ids(db.session(), actor))


def beyond_reach(actor: Actor, group: Group, grantable_ids: Collection[int]) -> str:
    """Return the same for an actor who may give the groups with these ids."""
    if group.node_id is None and actor.node_id != ROOT:
        return str(_("%(group)s is for all service providers.", group=group.name))
    if group.all_permissions:
        return str(_("Administrators cannot be changed: its members may do everything."))
    if group.id in actor.group_ids:
        return str(
            _("You are in %(group)s: nobody changes a group of their own.", group=group.name)
        )
    if grants.codes_beyond(actor, group.permissions):
        return str(_("%(group)s holds permissions beyond your own.", group=group.name))
    if group.id not in grantable_ids:
        name = group.name
        return str(_("You cannot assign %(group)s, so it is not yours to change.", group=name))
    return ""


def assigned_by(*, actor: Actor, group: Group) -> Sequence[Group]:
    """Return the groups whose members can assign the group, by name, as far as the actor sees any.

    Members of Administrators can assign every group.
    """
    granting = select(group_grants.c.group_id).where(group_grants.c.grantable_id == group.id)
    able = or_(Group.id.in_(granting), Group.all_permissions)
    statement = select(Group).where(able, scope(actor, Group)).order_by(Group.name_key)
    return db.session.scalars(statement).all()


def create(*, actor: Actor, values: Values) -> Group:
    """Create a group, and let those of the actor's groups give it that may create groups.

    Otherwise nobody but administrators could use it. Nobody gets more by that, since it holds
    nothing that the actor could not give already.
    Raises NotAllowed, ConfirmationNeeded or RuleBroken with the field it belongs to.
    """
    lock(GROUPS_LOCK)
    group = records.create(actor=actor, model=Group, values=values)
    for own in _lock_own_groups(actor):
        if "groups.create" in own.permissions:
            _set_grants(actor, own, [*own.grants, group])
    return group


def stop_giving(*, actor: Actor, group_ids: Select[int]) -> None:
    """Let members of other groups give these groups no more, before they are deleted.

    Each of the others has an event about that. The caller holds GROUPS_LOCK.
    """
    giving = select(group_grants.c.group_id).where(group_grants.c.grantable_id.in_(group_ids))
    others = select(Group).where(Group.id.in_(giving), Group.id.not_in(group_ids))
    gone = set(db.session.scalars(group_ids))
    for other in _locked(others):
        _set_grants(actor, other, [group for group in other.grants if group.id not in gone])


def _lock_own_groups(actor: Actor) -> Sequence[Group]:
    """Lock and return the actor's groups, except for Administrators, which can assign all."""
    own = (Group.id.in_(actor.group_ids), Group.all_permissions.is_(False))
    return _locked(select(Group).where(*own))


def _locked(groups: Select[Group]) -> Sequence[Group]:
    locked = groups.order_by(Group.id).with_for_update(key_share=True)
    return db.session.scalars(locked.execution_options(populate_existing=True)).all()


def _set_grants(actor: Actor, group: Group, given: list[Group]) -> None:
    """Let the members of the group give these groups to others, and write the event."""
    before = records.snapshot(group, ["grants"])
    group.grants = given
    group.version += 1
    db.session.flush()
    after = records.snapshot(group, ["grants"])
    events.record(
        actor=actor,
        action="groups.edit",
        subject=events.subject_of(group),
        before=before,
        after=after,
    )


@records.checked(Group, lock_first=GROUPS_LOCK)
def check_and_complete(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    """Require a recent proof of identity, and that the actor could give what the group gets.

    The permissions are put in order.
    """
    require_recent(actor)
    grantable = grants.grantable_group_ids(db.session(), actor, locked=True)
    _check_name(group, values)
    _check_permissions(actor, group, values)
    _check_mask(actor, group, values)
    _check_node(actor, group, values)
    before = set(group.grants) if group else set()
    after = set(values.get("grants", before))
    moved = before ^ after
    if beyond := sorted(other.name for other in moved if other.id not in grantable):
        message = _("You cannot assign or remove %(group)s.", group=beyond[0])
        raise GrantExceeded(message, field="grants", code="groups.edit")
    check_lasting(actor, after - before, field="grants", code="groups.edit")


def check_lasting(actor: Actor, given: Iterable[Group], *, field: str, code: str) -> None:
    """Refuse groups that are given without an end, and that the actor can assign for a while.

    Raises GrantExceeded at the field; `code` is the permission that is exceeded.
    """
    if not actor.ends:
        return
    until = grants.assignable_until(db.session(), actor, locked=True)
    for group in sorted(given, key=lambda group: group.name):
        if end := until.get(group.id):
            raise GrantExceeded(too_short_to_assign(group, end), field=field, code=code)


def too_short_to_assign(group: Group, end: datetime) -> str:
    """Return the sentence about a group that the actor can assign only until then."""
    return str(
        _(
            "You can assign %(group)s only until %(at)s, and here it would have no end.",
            group=group.name,
            at=in_utc(end),
        )
    )


def beyond_own(actor: Actor, code: str) -> str:
    """Return why a group does not get this permission from the actor, or an empty string."""
    if grants.codes_beyond(actor, [code]):
        return str(_("You do not hold %(code)s yourself.", code=code))
    end = grants.held_until(actor, code)
    if end is None:
        return ""
    return str(
        _(
            "You hold %(code)s only until %(at)s, and what a group allows has no end.",
            code=code,
            at=in_utc(end),
        )
    )


def install_shipped() -> None:
    """Create the shipped groups that are missing, and leave the existing ones as they are."""
    known = {group.key: group for group in db.session.scalars(select(Group))}
    missing = [shipped for shipped in SHIPPED if shipped.key not in known]
    for shipped in missing:
        is_administrators = shipped.key == ADMINISTRATORS
        known[shipped.key] = Group(
            key=shipped.key,
            name=shipped.name,
            description=shipped.description,
            is_system=True,
            permissions=[] if is_administrators else shipped.permissions(),
            all_permissions=is_administrators,
        )
    # Groups may give each other, so all of them exist before the first is told what it gives.
    for shipped in missing:
        group = known[shipped.key]
        group.grants = [known[key] for key in shipped.grants]
        db.session.add(group)
    db.session.flush()


def _check_name(group: Group | None, values: dict[str, Any]) -> None:
    if "name" not in values:
        return
    if not values["name"]:
        raise RuleBroken(_("Give the group a name."), field="name")
    if group and name_key(group.name) != name_key(values["name"]):
        _require_unnamed(group)
    texts.require_free(Group, values["name"], group)


def _require_unnamed(group: Group) -> None:
    """Refuse to rename a group that TWO_FACTOR_GROUPS has by its name; one by its key stays in."""
    if second_factor.is_named_by_name_alone(group, configured()):
        message = _("TWO_FACTOR_GROUPS has this group by its name: change the setting first.")
        raise RuleBroken(message, field="name")


def _check_mask(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    """Require that nobody takes off a mask who sees masked data themselves."""
    is_taken_off = group is not None and group.mask_data and not values.get("mask_data", True)
    if group and is_taken_off and actor.mask_data:
        message = str(client_limits.STAYS_MASKED).format(label=group.name)
        raise GrantExceeded(message, field="mask_data", code="groups.edit")


def _check_node(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    """Require that the members of a group, and what they reach, fit where it is.

    A new group of somebody who belongs to a service provider is of that provider.
    """
    if group is None and actor.node_id != ROOT:
        values.setdefault("node", db.session.get_one(Node, actor.node_id))
    node = values.get("node", group.node if group else None)
    if node is not None and node.kind != SERVICE_PROVIDER:
        raise RuleBroken(_("Groups belong to a service provider, or to all."), field="node")
    if actor.node_id != ROOT and (node is None or node.id != actor.node_id):
        raise GrantExceeded(
            _("This would be for others than yours."), field="node", code="groups.edit"
        )
    _keep_of_members(group, values)


def _keep_of_members(group: Group | None, values: dict[str, Any]) -> None:
    """Refuse to change whom a group is for, and what they reach, while it has members."""
    if group is None:
        return
    for name in ("node", "level"):
        if values.get(name) not in (None, getattr(group, name)) and group.users:
            raise RuleBroken(_("This stays while the group has members."), field=name)


def _check_permissions(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    if "permissions" not in values:
        return
    before = set(group.permissions) if group else set()
    after = set(values["permissions"])
    if unknown := set(permissions.unknown(after)) - before:
        message = _("There is no permission %(code)s.", code=min(unknown))
        raise RuleBroken(message, field="permissions")
    for code in sorted(after - before):
        if message := beyond_own(actor, code):
            raise GrantExceeded(message, field="permissions", code="groups.edit")
    if group is None or after != before:  # else they stay in the order they have
        values["permissions"] = sorted(after)
    else:
        values["permissions"] = group.permissions
