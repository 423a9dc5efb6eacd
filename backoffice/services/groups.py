"""Groups: what may be written about them, and the ones that a new installation has."""

from typing import Any

from sqlalchemy import select

from backoffice.errors import Beyond, RuleBroken
from backoffice.extensions import db
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.policy import grants, permissions
from backoffice.policy.actor import Actor
from backoffice.policy.confirmation import require_recent
from backoffice.policy.shipped import SHIPPED
from backoffice.services import records, texts


@records.reached(Group)
def out_of_reach(actor: Actor, group: Group) -> str:
    """Administrators stay as they are; a group that holds more than the actor is not theirs to change."""
    if group.all_permissions:
        return "Administrators cannot be changed: its members may do everything."
    return f"{group.name} holds permissions beyond your own." if grants.may_hold(actor, group.permissions) else ""


@records.checked(Group)
def check(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    """Nobody puts into a group what they could not give; and only who has just shown that it is them."""
    require_recent(actor)
    grantable = grants.grantable_group_ids(db.session(), actor)
    _check_name(group, values)
    _check_permissions(actor, group, values)
    before = set(group.grants) if group else set()
    moved = before ^ set(values.get("grants", before))
    if beyond := sorted(other.name for other in moved if other.id not in grantable):
        raise Beyond(f"You may not give or take {beyond[0]}.", field="grants", code="groups.edit")


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
    texts.require_free(Group, values["name"], group)


def _check_permissions(actor: Actor, group: Group | None, values: dict[str, Any]) -> None:
    if "permissions" not in values:
        return
    before, after = set(group.permissions if group else ()), set(values["permissions"])
    if unknown := set(permissions.unknown(after)) - before:
        raise RuleBroken(f"There is no permission {min(unknown)}.", field="permissions")
    if beyond := grants.may_hold(actor, after - before):
        raise Beyond(f"You do not hold {beyond[0]} yourself.", field="permissions", code="groups.edit")
    values["permissions"] = sorted(after)
