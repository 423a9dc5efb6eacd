"""What runs remember of people's access, beside which groups they were in, and give back.

These are the ends of memberships and the extra permissions. A run stores them with each person
whom it changes; an undo reads them from there.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    cast,
    column,
    func,
    insert,
    or_,
    select,
    update,
)

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.bulk_run import BulkItem
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.types import BigInt, Json
from backoffice.models.user import User
from backoffice.people import access

MEMBERSHIPS, EXTRA = "memberships", "extra_permissions"  # the keys of what is remembered
# What each of them keeps.
OF_MEMBERSHIP = ("group_id", "ends_at", "given_by_id")
OF_EXTRA = ("permission", "reason", "given_by_id", "created_at", "ends_at")
TIMES = ("created_at", "ends_at")
AT_ONCE = 1000  # rows
Values = dict[str, Any]


def of(people: Select[int]) -> dict[Any, dict[str, Any]]:
    """Return what is to be remembered of the people, by id; nothing of most."""
    memories: dict[Any, dict[str, Any]] = {}
    for row in _memberships(people):
        kept = memories.setdefault(row["user_id"], {}).setdefault(MEMBERSHIPS, [])
        kept.append(_frozen(row.__getitem__, OF_MEMBERSHIP))
    for grant in access.extra_of(people):
        kept = memories.setdefault(grant.user_id, {}).setdefault(EXTRA, [])
        kept.append(_frozen(partial(getattr, grant), OF_EXTRA))
    return memories


def _memberships(people: Select[int]) -> Iterable[RowMapping]:
    """Read the memberships of which more is known than that they are there."""
    known = user_groups.c.ends_at.is_not(None) | user_groups.c.given_by_id.is_not(None)
    statement = select(user_groups).where(user_groups.c.user_id.in_(people), is_current(), known)
    return db.session.execute(statement).mappings()


def restore_memberships(run_id: int | None, people: Select[int], group_ids: Sequence[int]) -> None:
    """Give the memberships in these groups the ends that they had before the run.

    The people are members already.
    """
    access.set_end(people, group_ids, None, None)
    changes = [
        {"person": user_id, "group": kept["group_id"], "end": kept["ends_at"]}
        | {"giver": kept["given_by_id"]}
        for user_id, kept in _remembered(run_id, people, MEMBERSHIPS)
        if kept["group_id"] in group_ids
    ]
    same = (
        user_groups.c.user_id == bindparam("person"),
        user_groups.c.group_id == bindparam("group"),
    )
    change = update(user_groups).where(*same)
    change = change.values(ends_at=bindparam("end"), given_by_id=bindparam("giver"))
    for start in range(0, len(changes), AT_ONCE):
        db.session.execute(change, changes[start : start + AT_ONCE])


def restore_extra(
    run_id: int | None, people: Select[int], codes: Collection[str] | None = None
) -> None:
    """Give the people the extra permissions that they had before the run.

    Of those with other codes than these, nothing changes.
    """
    access.take(people, codes)
    rows = [
        {"user_id": user_id, "version": 1, "updated_at": clock.now(), **kept}
        for user_id, kept in _remembered(run_id, people, EXTRA)
        if codes is None or kept["permission"] in codes
    ]
    for start in range(0, len(rows), AT_ONCE):
        db.session.execute(insert(DirectGrant), rows[start : start + AT_ONCE])


def had_beyond(run_id: int | None, codes: Collection[str]) -> ColumnElement[bool]:
    """SQL: whether the run remembers an extra permission of the person besides these codes."""
    code = _each(EXTRA)["permission"].as_string()
    return _of_person(run_id, code.not_in(sorted(codes))).exists()


def ended_by(
    run_id: int | None, key: str, which: Collection[object], moment: datetime
) -> ColumnElement[bool]:
    """SQL: whether the run remembers one of these of the person that ends by then.

    `which` are the ids of groups for MEMBERSHIPS, and codes for EXTRA.
    """
    kept, end = _kept(run_id, key, which)
    return kept.where(end <= moment.isoformat()).exists()


def lasted_beyond(
    run_id: int | None, key: str, which: Collection[object], moment: datetime
) -> ColumnElement[bool]:
    """SQL: whether the run remembers one of these of the person that ends later, or never."""
    kept, end = _kept(run_id, key, which)
    return kept.where(or_(end.is_(None), end > moment.isoformat())).exists()


def _kept(
    run_id: int | None, key: str, which: Collection[object]
) -> tuple[Select[int], ColumnElement[str]]:
    """Select what the run remembers of the person, and return its end beside it."""
    kept = _each(key)
    name = kept["permission"].as_string()
    if key == MEMBERSHIPS:
        name = cast(kept["group_id"].as_string(), BigInt)
    return _of_person(run_id, name.in_(which)), end_in(kept)


def _each(key: str) -> ColumnElement[Any]:
    """Return each thing that an item of a run remembers under the key, as JSON."""
    if _is_postgresql():
        each = func.jsonb_array_elements(BulkItem.memory[key])
    else:
        each = func.json_each(BulkItem.memory, f"$.{key}")
    return each.table_valued(column("value", Json), joins_implicitly=True).c.value


def _of_person(run_id: int | None, condition: ColumnElement[bool]) -> Select[int]:
    """Select what the run remembers of the person, as far as the condition holds for it."""
    is_theirs = (BulkItem.run_id == run_id, BulkItem.row_id == User.id)
    return select(BulkItem.row_id).where(*is_theirs, condition).correlate(User)


def end_in(kept: ColumnElement[Any]) -> ColumnElement[str]:
    """Return, in SQL, the end of something that is kept as JSON; its text sorts as the time."""
    end: ColumnElement[str] = kept["ends_at"].as_string()
    return end.collate("C") if _is_postgresql() else end


def _is_postgresql() -> bool:
    return db.session.get_bind().dialect.name == "postgresql"


def _remembered(run_id: int | None, people: Select[int], key: str) -> Iterator[tuple[Any, Values]]:
    items = select(BulkItem.row_id, BulkItem.memory).where(
        BulkItem.run_id == run_id, BulkItem.row_id.in_(people), BulkItem.memory.is_not(None)
    )
    for user_id, memory in db.session.execute(items.order_by(BulkItem.row_id)).all():
        for kept in memory.get(key, ()):
            yield user_id, _thawed(kept)


def _frozen(value_of: Callable[[str], Any], names: Sequence[str]) -> Values:
    values = {name: value_of(name) for name in names}
    return {
        name: value and value.isoformat() if name in TIMES else value
        for name, value in values.items()
    }


def _thawed(kept: Values) -> Values:
    return {
        name: value and datetime.fromisoformat(value) if name in TIMES else value
        for name, value in kept.items()
    }
