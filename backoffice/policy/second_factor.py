"""Who has to have a second factor: the members of the groups that the settings name."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import ColumnElement, exists, or_

from backoffice.models.associations import user_groups
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import name_key


class Named(Protocol):
    """A group, or a row that says as much of one."""

    @property
    def key(self) -> str | None: ...  # as in Group

    @property
    def name(self) -> str: ...  # as in Group


def required(settings: Settings) -> ColumnElement[bool]:
    """In SQL: one of the person's groups needs a second factor."""
    of_person = (user_groups.c.user_id == User.id, user_groups.c.group_id == Group.id)
    return exists().where(*of_person, names_it(settings))


def names_it(settings: Settings) -> ColumnElement[bool]:
    """In SQL: the installation's settings ask for a second factor of the group's members."""
    names = [name_key(name) for name in settings.two_factor_groups]
    return or_(Group.key.in_(names), Group.name_key.in_(names))


def is_required(groups: Iterable[Named], settings: Settings) -> bool:
    """Whether one of the groups needs a second factor."""
    return any(is_named(group, settings) for group in groups)


def needs_app(groups: Iterable[Named], settings: Settings) -> bool:
    """Whether it has to be an authenticator app: so for administrators, where they need a second factor at all."""
    return any(group.key == ADMINISTRATORS and is_named(group, settings) for group in groups)


def is_due(two_factor: str, groups: Iterable[Named], settings: Settings) -> bool:
    """Whether somebody with this second factor, in these groups, has to enrol before anything else."""
    if not settings.two_factor_groups or two_factor == "totp":
        return False
    return needs_app(groups, settings) if two_factor == "email" else is_required(groups, settings)


def is_named(group: Named, settings: Settings) -> bool:
    """Whether the installation's settings ask for a second factor of its members."""
    return not {group.key, name_key(group.name)}.isdisjoint(
        map(name_key, settings.two_factor_groups)
    )
