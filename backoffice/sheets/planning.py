"""Plan what a sheet would change, and judge it."""

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.models import fields
from backoffice.models.group import Group
from backoffice.models.group_keys import key_of
from backoffice.policy.actor import Actor
from backoffice.sheets import decoding, judging
from backoffice.sheets.changes import (
    CREATE,
    DELETE,
    EDIT,
    NOTHING,
    Change,
    Live,
    Plan,
    State,
    in_order,
)
from backoffice.sheets.sheet import Entry, Problems, place
from backoffice.text import name_key


def plan(*, actor: Actor, entries: Sequence[Entry], mode: str, locked: bool = False) -> Plan:
    """Return what a sheet would change as things are now, with everything that forbids it."""
    live = Live(actor, locked=locked)
    planned = Plan()
    keyed = _keyed(live, entries, planned.problems)
    removals = _removals(live, keyed) if mode == "replace" else []
    removed = {change.key for change in removals}
    changes = _wanted(live, keyed, removed, planned, only_new=mode == "create")
    changes += removals
    planned.changes = list(in_order(_with_consequences(actor, live, changes)))
    judging.judge(actor=actor, live=live, plan=planned, entries=keyed, locked=locked)
    return planned


def _keyed(live: Live, entries: Sequence[Entry], problems: Problems) -> dict[str, Entry]:
    """Return the entries by the keys of their groups; one without a key is known by its name."""
    by_name = {group.name_key: key for key, group in live.groups.items()}
    given = {entry.key for entry in entries if entry.key}
    keyed: dict[str, Entry] = {}
    for entry in entries:
        key = entry.key or by_name.get(name_key(entry.name)) or _new_key(entry, live, given)
        if key in live.unseen:
            sentence = _("A group that you do not see has this key.")
            problems.add(place(entry.place, "key"), sentence)
        elif key in keyed:
            problems.add(entry.place, _("Another group of the sheet is the same group."))
        else:
            keyed[key] = entry
    return keyed


def _new_key(entry: Entry, live: Live, given: set[str]) -> str:
    """Return a key that no group has, here or in the sheet."""
    key = free = key_of(entry.name)
    number = 1
    while free in live.groups or free in live.unseen or free in given:
        number += 1
        free = f"{key[:36]}_{number}"
    given.add(free)
    return free


def _wanted(
    live: Live, keyed: dict[str, Entry], removed: set[str], planned: Plan, *, only_new: bool
) -> list[Change]:
    """Return the changes of groups that the sheet has."""
    present = (live.groups.keys() | keyed.keys()) - removed
    changes = []
    for key, entry in keyed.items():
        group = live.groups.get(key)
        if group and group.all_permissions:
            planned.skips_administrators = True
        elif group and only_new:
            planned.left_alone += 1
        else:
            _check_grants(entry, present, planned.problems)
            change = _change(key, entry, live, removed, planned.problems)
            if change.before != change.after or group is None:
                changes.append(change)
    return changes


def _check_grants(entry: Entry, present: set[str], problems: Problems) -> None:
    for number, key in enumerate(entry.grants or ()):
        if key not in present:
            where = place(place(entry.place, "grants"), number)
            text = _l("There is no group with the key %(key)s.", key=decoding.shown(key))
            problems.add(where, text)


def _change(key: str, entry: Entry, live: Live, removed: set[str], problems: Problems) -> Change:
    group = live.groups.get(key)
    if entry.all_permissions:
        sentence = _("Only Administrators may do everything, and a sheet does not change it.")
        problems.add(place(entry.place, "all_permissions"), sentence)
    before = live.state(key) if group else NOTHING
    after = State(
        name=_fitting(entry, "name", before.name, problems),
        description=_fitting(entry, "description", before.description, problems),
        permissions=_listed(entry.permissions, before.permissions),
        grants=_listed(entry.grants, before.grants - removed),
        mask_data=before.mask_data if entry.mask_data is None else entry.mask_data,
    )
    return Change(EDIT if group else CREATE, key, entry.place, before, after, group)


def _listed(listed: Sequence[str] | None, before: frozenset[str]) -> frozenset[str]:
    return before if listed is None else frozenset(listed)


def _fitting(entry: Entry, name: str, before: str, problems: Problems) -> str:
    """Return a text as it is stored; the one that is there already may be older than a rule."""
    text = getattr(entry, name)
    if text is None or text == before:
        return before
    kind = fields.kind(Group, name)
    assert kind is not None
    try:
        return str(kind.clean(fields.column(Group, name), text))
    except ValueError as error:
        problems.add(place(entry.place, name), error)
        return before or text


def _removals(live: Live, keyed: dict[str, Entry]) -> list[Change]:
    """Return the removal of every group that the sheet does not have."""
    return [
        Change(DELETE, key, "", live.state(key), NOTHING, group)
        for key, group in live.groups.items()
        if key not in keyed and not group.all_permissions
    ]


def _with_consequences(actor: Actor, live: Live, changes: list[Change]) -> list[Change]:
    """Return the changes with those that follow: own groups may give what the actor adds.

    Administrators may give any group, so nothing follows for theirs.
    """
    if actor.all_permissions:
        return changes
    new = frozenset(change.key for change in changes if change.kind == CREATE)
    by_key = {change.key: change for change in changes}
    for key, group in live.groups.items():
        if new and group.id in actor.group_ids and "groups.create" in group.permissions:
            before = live.state(key)
            wanted = by_key.get(key) or Change(EDIT, key, "", before, before, group)
            if _only_gives_more(wanted, new):
                after = replace(before, grants=before.grants | new)
                by_key[key] = replace(wanted, after=after, is_consequence=True)
    return list(by_key.values())


def _only_gives_more(change: Change, new: frozenset[str]) -> bool:
    """Tell whether nothing changes but that members may give some of the new groups."""
    return replace(change.after, grants=change.after.grants - new) == change.before
