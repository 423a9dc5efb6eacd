"""Say who may see a row, and who may do something to it, group by group and as far as is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext as _n
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from backoffice import limits
from backoffice.actions.engine import why
from backoffice.actions.engine.action import find
from backoffice.actions.engine.why import Answer
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.base import Record
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

COUNTED = 200  # people of a group; of larger ones only that there are more


@dataclass(frozen=True)
class Holders:
    """People who have the permission from a group, or directly, each with the answer about them.

    `group_id` is None for those who have it beside their groups. `left_out` is the sentence about
    how many more active people there are, whom nobody asked about; '' if there are none.
    """

    group_id: int | None
    name: str
    members: tuple[tuple[int, str, Answer], ...]
    left_out: str = ""


def who(*, asker: Actor, code: str, row: Record) -> list[Holders]:
    """Return who may do `code` to the row, for every group with the permission and beside them.

    Groups and people that the asker does not see are left out. At most limits.ASKED_ABOUT people
    are asked about. Raises RuleBroken (field action) for an unknown code.
    """
    action = find(code)
    permission = action.permission if action else code
    found = []
    left = limits.ASKED_ABOUT
    for group_id, name, holders, number in _holders(asker, permission):
        people = _first(asker, holders, min(left, number))
        left -= len(people)
        members = tuple(
            (person.id, person.label, why.judge(asker=asker, person=person, code=code, row=row))
            for person in people
        )
        found.append(Holders(group_id, name, members, _left_out(number, len(members))))
    return found


def _left_out(number: int, asked: int) -> str:
    left = number if number > COUNTED else number - asked
    if not left:
        return ""
    text = _n(
        "%(number)s more member was not asked about.",
        "%(number)s more members were not asked about.",
        left,
        number=lists.capped(left, COUNTED),
    )
    return str(text)


def _holders(asker: Actor, permission: str) -> Iterator[tuple[int | None, str, Select[int], int]]:
    """Yield each group with the permission, then those who have it directly.

    People are a statement, followed by how many of them are active and seen by the asker, up to
    COUNTED and one more.
    """
    groups = _groups(asker, permission)
    numbers = _numbers(asker, groups)
    for group in groups:
        yield group.id, group.name, _members(group), numbers.get(group.id, 0)
    direct = _given_directly(asker, permission)
    if db.session.scalar(direct.limit(1)) is not None:
        holders = select(User.id).where(*_is_asked_about(asker, direct))
        number = db.session.scalar(lists.counting(holders, COUNTED)) or 0
        yield None, str(_("Extra permissions")), direct, number


def _groups(asker: Actor, permission: str) -> list[Group]:
    """Return the groups with the permission that the asker sees, by name."""
    visible = select(Group).where(scope(asker, Group)).order_by(Group.name)
    return [
        group
        for group in db.session.scalars(visible).all()
        if group.all_permissions or permission in group.permissions
    ]


def _numbers(asker: Actor, groups: Sequence[Group]) -> dict[int, int]:
    """Return how many active members each group has whom the asker sees, by the group's id."""
    group = aliased(Group)
    members = (
        select(User.id)
        .join(user_groups, user_groups.c.user_id == User.id)
        .where(user_groups.c.group_id == group.id, is_current())
        .where(User.status == "active", scope(asker, User))
    )
    number = lists.counting(members.correlate(group), COUNTED).scalar_subquery()
    ids = [each.id for each in groups]
    return dict(db.session.execute(select(group.id, number).where(group.id.in_(ids))).all())


def _given_directly(asker: Actor, permission: str) -> Select[int]:
    is_given = (DirectGrant.permission == permission, DirectGrant.current())
    return select(DirectGrant.user_id).where(scope(asker, DirectGrant), *is_given)


def _members(group: Group) -> Select[int]:
    return select(user_groups.c.user_id).where(user_groups.c.group_id == group.id, is_current())


def _is_asked_about(asker: Actor, people: Select[int]) -> tuple[ColumnElement[bool], ...]:
    return User.id.in_(people), User.status == "active", scope(asker, User)


def _first(asker: Actor, people: Select[int], most: int) -> Sequence[User]:
    """Return the first of these people who are active and whom the asker sees."""
    if not most:
        return ()
    statement = select(User).where(*_is_asked_about(asker, people)).order_by(User.id)
    return db.session.scalars(statement.limit(most)).all()
