"""Say who may see a row, and who may do something to it, group by group and as far as is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from backoffice import limits
from backoffice.actions.engine import why
from backoffice.actions.engine.action import find
from backoffice.actions.engine.why import Answer
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.base import Record
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope


@dataclass(frozen=True)
class OfGroup:
    """The members of a group that has the permission, each with the answer about them.

    `left_out` is how many more active members there are, whom nobody asked about.
    """

    group_id: int
    name: str
    members: tuple[tuple[int, str, Answer], ...]
    left_out: int = 0


def who(*, asker: Actor, code: str, row: Record) -> list[OfGroup]:
    """Return who may do `code` to the row, for every group with the permission.

    Groups and people that the asker does not see are left out. At most limits.ASKED_ABOUT people
    are asked about. Raises RuleBroken (field action) for an unknown code.
    """
    action = find(code)
    permission = action.permission if action else code
    found = []
    left = limits.ASKED_ABOUT
    for group in _groups(asker, permission):
        people, number = _members(asker, group.id, left)
        left -= len(people)
        members = tuple(
            (person.id, person.label, why.ask(asker=asker, person=person, code=code, row=row))
            for person in people
        )
        found.append(OfGroup(group.id, group.name, members, number - len(members)))
    return found


def _groups(asker: Actor, permission: str) -> list[Group]:
    groups = db.session.scalars(select(Group).where(scope(asker, Group)).order_by(Group.name))
    return [g for g in groups if g.all_permissions or permission in g.permissions]


def _members(asker: Actor, group_id: int, most: int) -> tuple[Sequence[User], int]:
    """Return the first active members that the asker sees, and how many there are."""
    of_group = select(user_groups.c.user_id).where(user_groups.c.group_id == group_id)
    wanted = (User.id.in_(of_group), User.status == "active", scope(asker, User))
    number = db.session.scalar(select(func.count(User.id)).where(*wanted)) or 0
    statement = select(User).where(*wanted).order_by(User.id).limit(most)
    return db.session.scalars(statement).all(), number
