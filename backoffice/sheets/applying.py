"""Write the changes of a plan, in the transaction in which they were judged."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import uuid4

from sqlalchemy import delete, insert, select

from backoffice import events
from backoffice.data import constraints
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.policy.actor import Actor
from backoffice.policy.shipped import SHIPPED
from backoffice.sheets.changes import CREATE, DELETE, EDIT, Change, Member, Plan, State

Notes = dict[str, object]
SHIPPED_KEYS = {shipped.key for shipped in SHIPPED}  # of the groups that are called built-in


def apply(*, actor: Actor, plan: Plan) -> list[Notes]:
    """Make the changes, with an event for each, and return what a result and an undo need.

    The caller holds GROUPS_LOCK and has planned with locked groups.
    """
    kept = {change.key: _kept(change) for change in plan.changes}
    names = _names(plan)
    removed = {change.key: change.group.id for change in plan.changes if change.group}
    _remove(plan)
    groups = _written(plan)
    _give_back(plan, groups)
    drafts = [_event(change, groups, removed, names) for change in plan.changes]
    events.record_many(actor=actor, drafts=drafts)
    return [_noted(change, groups) | kept[change.key] for change in plan.changes]


def _names(plan: Plan) -> dict[str, str]:
    """Return what groups are called, by key: those of before and those of afterwards."""
    known = db.session.execute(select(Group.key, Group.name)).all()
    return dict(known) | {change.key: change.name for change in plan.changes}


def _kept(change: Change) -> Notes:
    """Return who is in a group that is removed, and who reviews it, as an undo needs it."""
    if change.kind != DELETE:
        return {"members": []}
    columns = (user_groups.c.user_id, user_groups.c.ends_at, user_groups.c.given_by_id)
    group = _row(change)
    of_group = (user_groups.c.group_id == group.id, is_current())
    rows = db.session.execute(select(*columns).where(*of_group).order_by(user_groups.c.user_id))
    members = [Member(*row).stored() for row in rows]
    return {"members": members, "reviewer_id": group.reviewer_id}


def _row(change: Change) -> Group:
    assert change.group is not None
    return change.group


def _remove(plan: Plan) -> None:
    """Delete what is to go; the database forgets who was in it, and who could give it."""
    ids = [_row(change).id for change in plan.of_kind(DELETE)]
    if not ids:
        return
    rows = select(Group.id).where(Group.id.in_(ids))
    with constraints.refusing(Group):
        constraints.carry_out(Group, rows, delete(Group).where(Group.id.in_(ids)))
    for change in plan.changes:
        if change.kind == DELETE:
            db.session.expunge(_row(change))
        elif change.group:
            db.session.expire(change.group, ["grants"])


def _written(plan: Plan) -> dict[str, Group]:
    """Write names, permissions and grants, and return all groups by key."""
    changed = [change for change in plan.changes if change.kind != DELETE]
    _make_way(changed)
    for change in changed:
        _write_values(change)
    with constraints.refusing(Group):
        db.session.flush()
    groups = {group.key: group for group in db.session.scalars(select(Group))}
    for change in changed:
        group = groups[change.key]
        unseen = [other for other in group.grants if other.key not in change.before.grants]
        group.grants = [*unseen, *(groups[key] for key in sorted(change.after.grants))]
        if change.kind == EDIT:
            group.version += 1
    db.session.flush()
    return groups


def _write_values(change: Change) -> None:
    group = change.group or Group(
        key=change.key, is_system=change.key in SHIPPED_KEYS, reviewer_id=change.reviewer_id
    )
    group.name = change.after.name
    group.description = change.after.description
    group.mask_data = change.after.mask_data
    if change.gained or change.lost:
        group.permissions = sorted(change.after.permissions)
    db.session.add(group)


def _make_way(changes: Sequence[Change]) -> None:
    """Give groups that are renamed a name in between: another one may take theirs."""
    renamed = [each for each in changes if each.group and each.before.name != each.after.name]
    for change in renamed:
        _row(change).name = uuid4().hex
    db.session.flush()


def _give_back(plan: Plan, groups: Mapping[str, Group]) -> None:
    """Put people back into groups that are there again."""
    rows = [
        asdict(member) | {"group_id": groups[change.key].id}
        for change in plan.changes
        for member in change.members
    ]
    if rows:
        db.session.execute(insert(user_groups), rows)


def _event(
    change: Change,
    groups: Mapping[str, Group],
    removed: Mapping[str, int],
    names: Mapping[str, str],
) -> EventDraft:
    row_id = removed[change.key] if change.kind == DELETE else groups[change.key].id
    before, after = _differing(change, names)
    return EventDraft(
        action=f"groups.{change.kind}",
        subject=("groups", row_id),
        before=None if change.kind == CREATE else before,
        after=None if change.kind == DELETE else after,
    )


def _differing(
    change: Change, names: Mapping[str, str]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return the values that differ, before and after, as events keep them: grants by name."""
    before, after = _told(change.before, names), _told(change.after, names)
    if change.kind == EDIT:
        same = [name for name in before if before[name] == after[name]]
        for name in same:
            del before[name], after[name]
    return before, after


def _told(state: State, names: Mapping[str, str]) -> dict[str, object]:
    grants = sorted(names.get(key, key) for key in state.grants)
    return state.stored() | {"grants": grants}


def _noted(change: Change, groups: Mapping[str, Group]) -> Notes:
    """Return the change as the import keeps it; the version is that of afterwards."""
    group = groups.get(change.key)
    return change.stored() | {
        "id": group.id if group else None,
        "version": group.version if group else None,
    }
