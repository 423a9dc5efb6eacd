"""Count the people whom changes of groups touch, and those of them who are signed in."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased

from backoffice import clock
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.sheets.changes import Change


@dataclass(frozen=True)
class People:
    """How many people, and how many of them are signed in, both as far as lists count."""

    number: int = 0
    signed_in: int = 0


def by_group(changes: Iterable[Change]) -> dict[int, People]:
    """Return the members of each group whose members may do more or less, by the group's id."""
    group = aliased(Group)
    members = (
        select(User.id)
        .join(user_groups, user_groups.c.user_id == User.id)
        .where(user_groups.c.group_id == group.id, is_current(), User.status != "deleted")
        .correlate(group)
    )
    numbers = (counted.scalar_subquery() for counted in _counting(members))
    statement = select(group.id, *numbers).where(group.id.in_(_touched(changes)))
    return {group_id: People(*found) for group_id, *found in db.session.execute(statement)}


def together(changes: Iterable[Change]) -> People:
    """Return how many people are in any of these groups."""
    members = select(user_groups.c.user_id).where(
        user_groups.c.group_id.in_(_touched(changes)), is_current()
    )
    people = select(User.id).where(User.id.in_(members), User.status != "deleted")
    return People(*(db.session.scalar(counted) or 0 for counted in _counting(people)))


def _counting(people: Select[int]) -> tuple[Select[int], Select[int]]:
    """Select how many people these are, and how many of them are signed in."""
    return lists.counting(people), lists.counting(people.where(_is_signed_in()))


def _touched(changes: Iterable[Change]) -> list[int]:
    return [change.group.id for change in changes if change.group and change.touches_people]


def _is_signed_in() -> ColumnElement[bool]:
    return exists().where(Session.user_id == User.id, Session.live(clock.now()))
