"""Count the people whom changes of groups touch, and those of them who are signed in."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, distinct, exists, func, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.sheets.changes import Change


@dataclass(frozen=True)
class People:
    """How many people, and how many of them are signed in."""

    number: int = 0
    signed_in: int = 0


def by_group(changes: Iterable[Change]) -> dict[int, People]:
    """Return the members of each group whose members may do more or less, by the group's id."""
    ids = _touched(changes)
    statement = (
        select(user_groups.c.group_id, func.count(), func.count().filter(_is_signed_in()))
        .join(User, and_(User.id == user_groups.c.user_id, is_current()))
        .where(user_groups.c.group_id.in_(ids), User.status != "deleted")
        .group_by(user_groups.c.group_id)
    )
    return {group_id: People(*numbers) for group_id, *numbers in db.session.execute(statement)}


def together(changes: Iterable[Change]) -> People:
    """Return how many people are in any of these groups."""
    person = user_groups.c.user_id
    statement = (
        select(func.count(distinct(person)), func.count(distinct(person)).filter(_is_signed_in()))
        .join(User, and_(User.id == person, is_current()))
        .where(
            user_groups.c.group_id.in_(_touched(changes)), User.status != "deleted", is_current()
        )
    )
    return People(*db.session.execute(statement).one())


def _touched(changes: Iterable[Change]) -> list[int]:
    return [change.group.id for change in changes if change.group and change.touches_people]


def _is_signed_in() -> ColumnElement[bool]:
    return exists().where(Session.user_id == User.id, Session.live(clock.now()))
