"""Take away the access that entries of a review are about, and give it back.

Who may do so is decided by those who call this.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, tuple_, update

from backoffice import clock, events
from backoffice.data import related
from backoffice.events import EventDraft, mentions
from backoffice.extensions import db
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import is_current, user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import access
from backoffice.policy.actor import Actor

GROUPS, EXTRA = "groups", "extra_permissions"  # as events note them
TIMES = ("created_at", "ends_at")
OF_MEMBERSHIP = ("ends_at", "given_by_id")
OF_EXTRA = ("reason", "given_by_id", "created_at", "ends_at")
AT_ONCE = 1000  # rows
Values = dict[str, Any]


def held(items: Select[Any]) -> dict[int, Values]:
    """Return what is to be remembered of the access of each entry; nothing of what is gone."""
    item = AccessReviewItem
    memberships = (
        select(item.id, *(user_groups.c[name] for name in OF_MEMBERSHIP))
        .join(user_groups, _same_membership())
        .where(item.id.in_(items), is_current())
    )
    extra = (
        select(item.id, *(getattr(DirectGrant, name) for name in OF_EXTRA))
        .join(DirectGrant, _same_grant())
        .where(item.id.in_(items), DirectGrant.current())
    )
    return {
        row["id"]: _frozen(dict(row))
        for statement in (memberships, extra)
        for row in db.session.execute(statement).mappings()
    }


def take(*, actor: Actor, items: Select[Any], reason: str) -> None:
    """Take the access of the entries from their people, as events about these people."""
    before = _noted(items)
    _delete(AccessReviewItem.id.in_(items))
    codes = {GROUPS: "users.remove_from_group", EXTRA: "users.take_permissions"}
    _finish(actor, items, before, reason, codes)


def give_back(
    *, actor: Actor, items: Select[Any], remembered: Mapping[int, Values], reason: str
) -> None:
    """Give people back what was taken, if they have not got it since and it has not ended."""
    before = _noted(items)
    rows = _distinct(row for row in _missing(items) if row.id in remembered)
    for start in range(0, len(rows), AT_ONCE):  # what has ended, and is in the way
        _delete(AccessReviewItem.id.in_([row.id for row in rows[start : start + AT_ONCE]]))
    _insert(user_groups, [_membership(row, remembered) for row in rows if row.group_id])
    _insert(DirectGrant, [_grant(row, remembered) for row in rows if row.permission])
    codes = {GROUPS: "users.add_to_group", EXTRA: "users.give_permissions"}
    _finish(actor, items, before, reason, codes)


def _missing(items: Select[Any]) -> Sequence[Any]:
    item = AccessReviewItem
    columns = (item.id, item.user_id, item.group_id, item.permission)
    missing = select(*columns).where(item.id.in_(items), ~item.held())
    return db.session.execute(missing).all()


def _distinct(rows: Iterable[Any]) -> Sequence[Any]:
    """Return one row for each access: several reviews may ask about the same."""
    return [*{(row.user_id, row.group_id, row.permission): row for row in rows}.values()]


def _delete(of_items: ColumnElement[bool]) -> None:
    item = AccessReviewItem
    groups = select(item.user_id, item.group_id).where(of_items)
    codes = select(item.user_id, item.permission).where(of_items)
    taken = (
        delete(user_groups).where(tuple_(*user_groups.primary_key.columns).in_(groups)),
        delete(DirectGrant).where(tuple_(DirectGrant.user_id, DirectGrant.permission).in_(codes)),
    )
    for statement in taken:
        db.session.execute(statement.execution_options(synchronize_session=False))


def _noted(items: Select[Any]) -> dict[int, Values]:
    """Return what events note of the access of the people, as actions on people do."""
    people = _people(items)
    found: dict[int, Values] = {
        user_id: {GROUPS: [], EXTRA: []} for user_id in db.session.scalars(people.distinct())
    }
    for user_id, groups in related.labels(User, people, [GROUPS])[GROUPS].items():
        found[user_id][GROUPS] = [mentions.of(Group, *group) for group in groups]
    for user_id, values in access.noted(people).items():
        found[user_id] |= values
    return found


def _people(items: Select[Any]) -> Select[Any]:
    return select(AccessReviewItem.user_id).where(AccessReviewItem.id.in_(items))


def _finish(
    actor: Actor,
    items: Select[Any],
    before: Mapping[int, Values],
    reason: str,
    codes: Mapping[str, str],
) -> None:
    """Raise the versions of the people whose access has changed, and write the events."""
    after = _noted(items)
    changed = [user_id for user_id in before if before[user_id] != after[user_id]]
    _raise_versions(changed)
    drafts = [
        EventDraft(
            action=codes[key], subject=("users", user_id), before=was, after=now, reason=reason
        )
        for user_id in changed
        for key, was, now in _changes(before[user_id], after[user_id])
    ]
    if drafts:
        events.record_many(actor=actor, drafts=drafts)


def _raise_versions(ids: Sequence[int]) -> None:
    for start in range(0, len(ids), AT_ONCE):
        some = User.id.in_(ids[start : start + AT_ONCE])
        raised = update(User).where(some).values(version=User.version + 1)
        db.session.execute(raised.execution_options(synchronize_session=False))


def _changes(before: Values, after: Values) -> Iterator[tuple[str, Values, Values]]:
    """Yield the key of what has changed, with what it was and is."""
    for key, was in before.items():
        if was != after[key]:
            yield key, {key: was}, {key: after[key]}


def _membership(row: Any, remembered: Mapping[int, Values]) -> Values:
    return {"user_id": row.user_id, "group_id": row.group_id, **_thawed(remembered[row.id])}


def _grant(row: Any, remembered: Mapping[int, Values]) -> Values:
    fresh = {"version": 1, "updated_at": clock.now()}
    own = {"user_id": row.user_id, "permission": row.permission}
    return fresh | own | _thawed(remembered[row.id])


def _insert(table: Any, rows: Sequence[Values]) -> None:
    now = clock.now()
    wanted = [row for row in rows if row["ends_at"] is None or row["ends_at"] > now]
    for start in range(0, len(wanted), AT_ONCE):
        db.session.execute(insert(table), wanted[start : start + AT_ONCE])


def _same_membership() -> Any:
    item = AccessReviewItem
    return (user_groups.c.user_id == item.user_id) & (user_groups.c.group_id == item.group_id)


def _same_grant() -> Any:
    item = AccessReviewItem
    return (DirectGrant.user_id == item.user_id) & (DirectGrant.permission == item.permission)


def _frozen(row: Mapping[str, Any]) -> Values:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "id"
    }


def _thawed(kept: Mapping[str, Any]) -> Values:
    return {
        name: datetime.fromisoformat(value) if name in TIMES and value else value
        for name, value in kept.items()
    }
