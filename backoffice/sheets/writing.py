"""Write groups as a sheet: the same groups always give the same bytes."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backoffice import events
from backoffice.data import exports
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require, scope
from backoffice.policy.step_up import require_recent
from backoffice.sheets.sheet import FORMAT, VERSION
from backoffice.transactions import begin


def export(*, actor: Actor) -> bytes:
    """Return all groups that the actor sees as a sheet, and commit the event of it.

    Raises NotAllowed, ConfirmationNeeded, or TooMany.
    """
    require(actor, "groups.view")
    require(actor, "groups.export")
    require_recent(actor)
    exports.count(actor=actor)
    begin(writing=True)
    groups = _groups(actor)
    events.record(
        actor=actor,
        action="groups.export",
        subject=("groups", None),
        after={"rows": len(groups), "format": FORMAT},
    )
    db.session.commit()
    return written(groups)


def _groups(actor: Actor) -> list[dict[str, object]]:
    statement = select(Group).where(scope(actor, Group)).options(selectinload(Group.grants))
    seen = db.session.scalars(statement).all()
    keys = {group.key for group in seen}
    return [described(group, among=keys) for group in seen]


def described(group: Group, *, among: Collection[str] | None = None) -> dict[str, object]:
    """Return a group as a sheet has it; what Administrators may do is not listed.

    A mask stands there only where there is one, so that no sheet takes one off that says nothing.
    `among` are the keys that the sheet may name, by default all.
    """
    entry: dict[str, object] = {
        "key": group.key,
        "name": group.name,
        "description": group.description,
    }
    if group.all_permissions:
        return entry | {"all_permissions": True}
    granted = (other.key for other in group.grants)
    entry |= {
        "permissions": sorted(set(group.permissions)),
        "grants": sorted(key for key in granted if among is None or key in among),
    }
    return entry | {"mask_data": True} if group.mask_data else entry


def written(groups: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the bytes of a sheet with these groups, ordered by key, with a line for each value."""
    ordered = sorted(groups, key=lambda group: str(group["key"]))
    sheet = {"format": FORMAT, "version": VERSION, "groups": ordered}
    text = json.dumps(sheet, indent=2, ensure_ascii=False)
    return f"{text}\n".encode()
