"""Give people groups and extra permissions, with or without an end, and take them away.

Who may do so is decided by those who call this. Each function takes the ids of many people.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, insert, literal, select, update

from backoffice import clock
from backoffice.events import mentions
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.base import moment
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.types import UTCDateTime
from backoffice.models.user import User
from backoffice.text import in_utc

Extra = Iterable[Row[Any, str, datetime | None]]
Memberships = Iterable[Row[Any, int, str, datetime | None]]


def join(
    people: Select[int], group_ids: Sequence[int], ends_at: datetime | None, given_by: int | None
) -> None:
    """Make the people members of the groups that they are not in, until `ends_at` if it is given.

    `given_by` is the id of the user who decided so; None for the product itself.
    """
    forget_ended(people, group_ids)
    columns = ["user_id", "group_id", "ends_at", "given_by_id"]
    for group_id in group_ids:
        wanted = people.subquery()
        members = select(user_groups.c.user_id).where(user_groups.c.group_id == group_id)
        missing = select(
            wanted.c[0],
            literal(group_id),
            literal(ends_at, UTCDateTime()),
            literal(given_by, user_groups.c.given_by_id.type),
        ).where(wanted.c[0].not_in(members))
        db.session.execute(insert(user_groups).from_select(columns, missing))


def forget_ended(people: Select[int], group_ids: Sequence[int]) -> None:
    """Delete the memberships of the people in these groups that have ended, and count as none."""
    ended = delete(user_groups).where(_of(people, group_ids), ~is_current())
    db.session.execute(ended)


def set_end(
    people: Select[int], group_ids: Sequence[int], ends_at: datetime | None, given_by: int | None
) -> None:
    """Let the memberships of the people in these groups end then; with None, never."""
    change = update(user_groups).where(_of(people, group_ids), is_current())
    db.session.execute(change.values(ends_at=ends_at, given_by_id=given_by, told_at=None))


def ending_group_ids(user: User) -> set[int]:
    """Return the ids of the groups that the person will leave at a time that is known."""
    table = user_groups.c
    ending = select(table.group_id).where(table.user_id == user.id, table.ends_at > moment())
    return set(db.session.scalars(ending))


def _of(people: Select[int], group_ids: Sequence[int]) -> ColumnElement[bool]:
    return user_groups.c.user_id.in_(people) & user_groups.c.group_id.in_(group_ids)


def give(
    people: Select[int],
    codes: Sequence[str],
    *,
    ends_at: datetime | None,
    reason: str,
    given_by: int | None,
) -> None:
    """Give the people extra permissions, in place of those with the same codes."""
    take(people, codes)
    now = clock.now()
    values = {
        "permission": "",
        "ends_at": ends_at,
        "reason": reason,
        "given_by_id": given_by,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    table = DirectGrant.__table__
    for code in codes:
        wanted = people.subquery()
        given = [
            literal(value, table.c[name].type)
            for name, value in (values | {"permission": code}).items()
        ]
        statement = insert(DirectGrant).from_select(
            ["user_id", *values], select(wanted.c[0], *given)
        )
        db.session.execute(statement)


def take(people: Select[int], codes: Collection[str] | None = None) -> None:
    """Take these extra permissions from the people; without `codes`, all that they have."""
    taken = delete(DirectGrant).where(DirectGrant.user_id.in_(people))
    if codes is not None:
        taken = taken.where(DirectGrant.permission.in_(codes))
    db.session.execute(taken.execution_options(synchronize_session=False))


def extra_of(people: Select[int]) -> Sequence[DirectGrant]:
    """Return the extra permissions of the people that have not ended, by their codes."""
    held = select(DirectGrant).where(DirectGrant.user_id.in_(people), DirectGrant.current())
    fresh = held.execution_options(populate_existing=True)
    return db.session.scalars(fresh.order_by(DirectGrant.user_id, DirectGrant.permission)).all()


def noted(people: Select[int]) -> dict[Any, dict[str, object]]:
    """Return what events note of the people's access: extra permissions, and groups with their end.

    Groups are left out where no membership ends: those are a plain attribute.
    """
    ending = select(user_groups.c.user_id).where(
        user_groups.c.user_id.in_(people), user_groups.c.ends_at > moment()
    )
    in_groups = and_(user_groups.c.user_id.in_(ending.correlate(None)), is_current())
    return _noted(_extra(people, DirectGrant.current()), _memberships(in_groups))


def ended(people: Select[int]) -> dict[Any, dict[str, object]]:
    """Return the same of what the people had, and what has ended."""
    in_groups = and_(user_groups.c.user_id.in_(people), ~is_current())
    return _noted(_extra(people, ~DirectGrant.current()), _memberships(in_groups))


def _noted(extra: Extra, memberships: Memberships) -> dict[Any, dict[str, object]]:
    found: dict[Any, dict[str, list[Any]]] = {}
    for user_id, code, ends_at in extra:
        codes = found.setdefault(user_id, {}).setdefault("extra_permissions", [])
        codes.append(_until(code, ends_at))
    for user_id, group_id, name, ends_at in memberships:
        groups = found.setdefault(user_id, {}).setdefault("groups", [])
        groups.append(mentions.of(Group, group_id, _until(name, ends_at)))
    return {user_id: dict(values) for user_id, values in found.items()}


def _until(name: str, ends_at: datetime | None) -> str:
    """Return the name of something that is given, with its end, which every reader understands."""
    return f"{name} · {in_utc(ends_at)}" if ends_at else name


def _extra(people: Select[int], which: ColumnElement[bool]) -> Extra:
    columns = (DirectGrant.user_id, DirectGrant.permission, DirectGrant.ends_at)
    held = select(*columns).where(DirectGrant.user_id.in_(people), which)
    return db.session.execute(held.order_by(DirectGrant.permission)).all()


def _memberships(which: ColumnElement[bool]) -> Memberships:
    statement = (
        select(user_groups.c.user_id, Group.id, Group.name, user_groups.c.ends_at)
        .join(Group, Group.id == user_groups.c.group_id)
        .where(which)
    )
    return db.session.execute(statement.order_by(Group.name_key)).all()
