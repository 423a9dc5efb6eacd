"""Undo an import while its groups are as it left them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from backoffice.errors import NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.models.sheet_import import SheetImport
from backoffice.models.user import User
from backoffice.people.groups import GROUPS_LOCK
from backoffice.policy import grants
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from backoffice.sheets import applying, imports, judging
from backoffice.sheets.changes import (
    CREATE,
    DELETE,
    EDIT,
    NOTHING,
    Change,
    Live,
    Member,
    Plan,
    State,
    in_order,
)
from backoffice.sheets.sheet import SheetRefused
from backoffice.transactions import lock

AT_ONCE = 1000  # people
Notes = Mapping[str, Any]


def made(*, actor: Actor, found: SheetImport) -> list[Change]:
    """Return the changes that an import made, for its result; none of groups hidden from the actor.

    Of a group that is gone, everybody who may look at imports reads what it was.
    """
    unseen = Live(actor).unseen.keys()
    return [
        Change(
            kind=notes["kind"],
            key=notes["key"],
            place="",
            before=_without(State.restored(notes["before"]), unseen),
            after=_without(State.restored(notes["after"]), unseen),
            members=tuple(map(Member.restored, notes["members"])),
        )
        for notes in _notes(found)
        if notes["key"] not in unseen
    ]


def _without(state: State, unseen: Set[str]) -> State:
    """Return the state without the grants that are hidden from whoever reads it."""
    return replace(state, grants=state.grants - unseen)


def plan(*, actor: Actor, found: SheetImport, locked: bool = False) -> Plan:
    """Return what undoing the import would change as things are now, problems included."""
    members = _returning(actor, found, locked=locked)
    live = Live(actor, locked=locked)
    planned = Plan()
    for notes in _notes(found):
        if change := _reversed(notes, live, members):
            planned.changes.append(change)
        else:
            _add_problem(notes, live, planned)
    planned.changes = list(in_order([*planned.changes, *_losing(live, planned)]))
    _check_grants(live, planned)
    _require_right_to_give_back(actor, planned)
    judging.judge(actor=actor, live=live, plan=planned, entries={}, locked=locked)
    return planned


def undo(*, actor: Actor, token: UUID, digest: str) -> SheetImport:
    """Undo an import, all of it or nothing; one that was undone stays so.

    `digest` is that of the plan which the actor saw. Raises NotAllowed, ConfirmationNeeded,
    NotFound, RuleBroken (it was not applied), Overtaken, or SheetRefused.
    """
    imports.require_rights(actor)
    lock(GROUPS_LOCK)
    found = imports.find(actor=actor, token=token, locked=True)
    if found.state == "undone":
        return found
    if found.state != "done":
        raise RuleBroken(_("This sheet was not applied, so there is nothing to undo."))
    planned = plan(actor=actor, found=found, locked=True)
    if planned.problems:
        raise SheetRefused(planned.problems)
    if planned.digest != digest:
        raise imports.Overtaken(_("The groups have changed since you looked, so nothing was done."))
    applying.apply(actor=actor, plan=planned)
    found.state = "undone"
    imports.record(actor=actor, found=found, plan=planned, action="groups.undo_import")
    return found


def left_out(found: SheetImport, planned: Plan) -> int:
    """Return how many people do not get a group back that was removed from them."""
    before = sum(len(notes["members"]) for notes in _notes(found))
    return before - sum(len(change.members) for change in planned.changes)


def _notes(found: SheetImport) -> Sequence[Notes]:
    changes: Sequence[Notes] = (found.memory or {}).get("changes", ())
    return changes


def _add_problem(notes: Notes, live: Live, planned: Plan) -> None:
    """Say why a change cannot be taken back."""
    if notes["key"] in live.unseen:
        planned.problems.add("", _("The import changed a group that you do not see."))
    else:
        name = notes["after"]["name"] or notes["before"]["name"]
        planned.problems.add(name, _("This group was changed since, or is gone."))


def _reversed(notes: Notes, live: Live, members: Mapping[str, tuple[Member, ...]]) -> Change | None:
    """Return the change that takes another one back, or None if the group is not as it left it."""
    key = notes["key"]
    group = live.groups.get(key)
    if notes["kind"] == DELETE:
        is_free = group is None and key not in live.unseen
        return _again(notes, members.get(key, ())) if is_free else None
    if group is None or (group.id, group.version) != (notes["id"], notes["version"]):
        return None
    now = live.state(key)
    if notes["kind"] == EDIT:
        return Change(EDIT, key, "", now, _former(notes, now, live), group)
    return None if _has_members(group) else Change(DELETE, key, "", now, NOTHING, group)


def _again(notes: Notes, members: tuple[Member, ...]) -> Change:
    """Return the change that adds a removed group again, with its people and who reviews it."""
    before = State.restored(notes["before"])
    change = Change(CREATE, notes["key"], "", NOTHING, before, members=members)
    return replace(change, reviewer_id=notes.get("reviewer_id"))


def _former(notes: Notes, now: State, live: Live) -> State:
    """Return the group as it was before, but for grants that either of the two does not see.

    The importer did not see what the group grants beside the sheet; whoever undoes it may not see
    what it granted all along. Both stay.
    """
    before, after = State.restored(notes["before"]), State.restored(notes["after"])
    unseen = frozenset(live.unseen)
    changed = (before.grants ^ after.grants) & unseen  # which is found to be not there
    stays = now.grants - after.grants
    return replace(before, grants=(before.grants - unseen) | stays | changed)


def _losing(live: Live, planned: Plan) -> Iterator[Change]:
    """Yield the changes of other groups, whose members can assign no more what is removed."""
    removed = {change.key for change in planned.of_kind(DELETE)}
    known = {change.key for change in planned.changes}
    for key in live.groups.keys() - known:
        now = live.state(key)
        if now.grants & removed:
            after = replace(now, grants=now.grants - removed)
            yield Change(EDIT, key, "", now, after, live.groups[key])


def _check_grants(live: Live, planned: Plan) -> None:
    """Add a problem for each group that could be given before the import, and is gone since."""
    new = {change.key for change in planned.of_kind(CREATE)}
    removed = {change.key for change in planned.of_kind(DELETE)}
    present = (live.groups.keys() | new) - removed
    for change in planned.changes:
        for key in sorted(change.after.grants - present):
            sentence = _("There is no group with the key %(key)s.", key=key)
            planned.problems.add(change.name, sentence)


def _has_members(group: Group) -> bool:
    of_group = select(func.count()).where(user_groups.c.group_id == group.id, is_current())
    return bool(db.session.scalar(of_group))


def _returning(actor: Actor, found: SheetImport, *, locked: bool) -> dict[str, tuple[Member, ...]]:
    """Return whom each removed group is given back to: those whom the actor may give a group.

    Their rows are locked before the groups, as everywhere.
    """
    noted = {
        notes["key"]: [Member.restored(each) for each in notes["members"]]
        for notes in _notes(found)
        if notes["members"]
    }
    ids = {member.user_id for members in noted.values() for member in members}
    staying = _staying(actor, ids, locked=locked) if ids else set()
    return {
        key: tuple(each for each in members if each.user_id in staying and not each.has_ended)
        for key, members in noted.items()
    }


def _staying(actor: Actor, ids: Iterable[int], *, locked: bool) -> set[int]:
    grantable = grants.grantable_group_ids(db.session(), actor)
    statement = select(User.id).where(
        User.id != (actor.user_id or 0),
        User.status.not_in(("deleted", "revoked")),
        ~grants.outranks(actor, grantable),
    )
    if locked:
        statement = statement.order_by(User.id).with_for_update()
    in_order = sorted(ids)
    found: set[int] = set()
    for start in range(0, len(in_order), AT_ONCE):
        some = User.id.in_(in_order[start : start + AT_ONCE])
        found.update(db.session.scalars(statement.where(some)))
    return found


def _require_right_to_give_back(actor: Actor, planned: Plan) -> None:
    code = "users.assign_groups"
    for change in planned.changes:
        try:
            if change.members:
                require(actor, code)
        except NotAllowed as error:
            planned.problems.add(change.name, error.message, code=code)
