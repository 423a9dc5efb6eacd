"""Groups: what may be written about them, and the ones that a new installation has."""

from typing import Any

from sqlalchemy import select

from backoffice import events
from backoffice.data import records, texts
from backoffice.data.records import Values
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import configured, db, lock
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.policy import grants, permissions, second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.shipped import SHIPPED
from backoffice.policy.step_up import require_recent
from backoffice.text import name_key

GROUPS_LOCK = "groups"


@records.reached(Group)
def out_of_reach(actor: Actor, group: Group) -> str:
    """Administrators stay as they are, nobody changes what they are a member of, and others only what they may give.

    What a group may do is what its members may do: to change it is to give and take it.
    """
    if group.all_permissions:
        return "Administrators cannot be changed: its members may do everything."
    if group.id in actor.group_ids:
        return f"You are in {group.name}: nobody changes a group of their own."
    if grants.may_hold(actor, group.permissions):
        return f"{group.name} holds permissions beyond your own."
    within = group.id in grants.grantable_group_ids(db.session(), actor)
    return "" if within else f"You may not give {group.name}, so it is not yours to change."


def create(*, actor: Actor, values: Values) -> Group:
    """A new group, which the groups that let the actor create it may give from then on.

    It holds nothing that they could not give already, so nobody gets more; but somebody has to be able to use it.
    Raises NotAllowed, ConfirmationNeeded or RuleBroken with the field it belongs to.
    """
    lock(GROUPS_LOCK)
    group = records.create(actor=actor, model=Group, values=values)
    mine = (
        select(Group)
        .where(Group.id.in_(actor.group_ids), Group.all_permissions.is_(False))
        .order_by(Group.id)
    )
    locked = mine.with_for_update(key_share=True).execution_options(populate_existing=True)
    for own in db.session.scalars(locked).all():
        if "groups.create" in own.permissions:
            _let_give(actor, own, group)
    return group


def _let_give(actor: Actor, own: Group, group: Group) -> None:
    before = records.snapshot(own, ["grants"])
    own.grants = [*own.grants, group]
    own.version += 1
    db.session.flush()
    after = records.snapshot(own, ["grants"])
    events.record(
        actor=actor,
        action="groups.edit",
        subject=events.subject_of(own),
        before=before,
        after=after,
    )


@records.checked(Group, lock_first=GROUPS_LOCK)
def check(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    """Nobody puts into a group what they could not give; and only who has just shown that it is them."""
    require_recent(actor)
    grantable = grants.grantable_group_ids(db.session(), actor, held=True)
    _check_name(group, values)
    _check_permissions(actor, group, values)
    before = set(group.grants) if group else set()
    moved = before ^ set(values.get("grants", before))
    if beyond := sorted(other.name for other in moved if other.id not in grantable):
        raise GrantExceeded(
            f"You may not give or take {beyond[0]}.", field="grants", code="groups.edit"
        )


def install_shipped() -> None:
    """Create those shipped groups that are missing; those that are there stay as people made them."""
    known = {group.key: group for group in db.session.scalars(select(Group))}
    missing = [shipped for shipped in SHIPPED if shipped.key not in known]
    for shipped in missing:
        everything = shipped.key == ADMINISTRATORS
        known[shipped.key] = Group(
            key=shipped.key,
            name=shipped.name,
            description=shipped.description,
            is_system=True,
            permissions=[] if everything else shipped.permissions(),
            all_permissions=everything,
        )
    for shipped in missing:
        known[shipped.key].grants = [known[key] for key in shipped.grants]
        db.session.add(known[shipped.key])
    db.session.flush()


def _check_name(group: Group | None, values: dict[str, Any]) -> None:
    if "name" not in values:
        return
    if not values["name"]:
        raise RuleBroken("Give the group a name.", field="name")
    known_by_name = (
        group is not None and group.key is None and second_factor.is_named(group, configured())
    )
    if group and known_by_name and name_key(group.name) != name_key(values["name"]):
        raise RuleBroken(
            "TWO_FACTOR_GROUPS has this group by its name: change the setting first.", field="name"
        )
    texts.require_free(Group, values["name"], group)


def _check_permissions(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    if "permissions" not in values:
        return
    before, after = set(group.permissions if group else ()), set(values["permissions"])
    if unknown := set(permissions.unknown(after)) - before:
        raise RuleBroken(f"There is no permission {min(unknown)}.", field="permissions")
    if beyond := grants.may_hold(actor, after - before):
        raise GrantExceeded(
            f"You do not hold {beyond[0]} yourself.", field="permissions", code="groups.edit"
        )
    values["permissions"] = sorted(after)
