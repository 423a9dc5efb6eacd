"""Decides who needs a second factor: the members of the groups that the settings name."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import ColumnElement, exists, or_

from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.node import ROOT, Node
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import name_key


class Named(Protocol):
    """A group, or a row with the same key and name."""

    @property
    def key(self) -> str: ...  # as in Group

    @property
    def name(self) -> str: ...  # as in Group


def required(settings: Settings) -> ColumnElement[bool]:
    """SQL: whether one of the user's groups, or their node, requires a second factor."""
    of_person = (user_groups.c.user_id == User.id, user_groups.c.group_id == Group.id)
    by_group = exists().where(*of_person, is_current(), is_named_in(settings))
    by_node = exists().where(Node.id == User.node_id, Node.two_factor_required)
    return or_(by_group, by_node)


def is_demanded(user: User) -> bool:
    """Return whether the user's node requires a second factor of all its people."""
    return user.node_id != ROOT and user.node.two_factor_required


def is_named_in(settings: Settings) -> ColumnElement[bool]:
    """SQL: whether the settings require a second factor for the group's members."""
    names = [name_key(name) for name in settings.two_factor_groups]
    return or_(Group.key.in_(names), Group.name_key.in_(names))


def is_required(groups: Iterable[Named], settings: Settings) -> bool:
    """Return whether one of the groups requires a second factor."""
    return any(is_named(group, settings) for group in groups)


def needs_app(groups: Iterable[Named], settings: Settings) -> bool:
    """Return whether the second factor must be an authenticator app.

    This is so for administrators, if they need a second factor at all.
    """
    return any(group.key == ADMINISTRATORS and is_named(group, settings) for group in groups)


def is_due(
    two_factor: str, groups: Iterable[Named], settings: Settings, *, by_node: bool = False
) -> bool:
    """Return whether a user with this second factor, in these groups, has to enrol another one.

    They have to do so before anything else. `by_node` says that their node requires one.
    """
    if two_factor == "totp":
        return False
    if two_factor == "email":
        return needs_app(groups, settings)
    return by_node or is_required(groups, settings)


def is_named(group: Named, settings: Settings) -> bool:
    """Return whether the settings require a second factor for the group's members."""
    names = _names(settings)
    return group.key in names or name_key(group.name) in names


def is_named_by_name_alone(group: Named, settings: Settings) -> bool:
    """Return whether the settings would name the group no more if it were called otherwise."""
    names = _names(settings)
    return group.key not in names and name_key(group.name) in names


def _names(settings: Settings) -> set[str]:
    return {name_key(name) for name in settings.two_factor_groups}
