"""Where the permissions of a person come from, as far as a reader may know it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import access
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import scope, sees


@dataclass(frozen=True)
class Source:
    """What gives a permission to a person: a group, or the person has it beside their groups."""

    label: str


def sources(reader: Actor, user: User) -> dict[str, list[Source]]:
    """Return what gives the person each permission, by its code; codes without any are left out."""
    seen = _seen_groups(reader, (group.id for group in user.groups))
    found: dict[str, list[Source]] = {}
    for group in sorted(user.groups, key=lambda group: group.name):
        source = seen.get(group.id) or Source(_("a group that you do not see"))
        for code in catalogue() if group.all_permissions else group.permissions:
            found.setdefault(code, []).append(source)
    for grant in access.extra_of(user.alone()):
        found.setdefault(grant.permission, []).append(_direct(reader))
    return {code: found[code] for code in catalogue() if code in found}


def _direct(reader: Actor) -> Source:
    if sees(reader, DirectGrant):
        return Source(_("direct"))
    return Source(_("a grant that you do not see"))


def _seen_groups(reader: Actor, group_ids: Iterable[int]) -> dict[int, Source]:
    of_person = Group.id.in_(list(group_ids))
    rows = db.session.execute(select(Group.id, Group.name).where(of_person, scope(reader, Group)))
    return {row.id: Source(row.name) for row in rows}


def givers(reader: Actor, code: str) -> list[str]:
    """Return the names of the groups with the permission that the reader sees, by name.

    Groups that may do everything come last.
    """
    statement = select(Group.name, Group.permissions, Group.all_permissions)
    visible = statement.where(scope(reader, Group)).order_by(Group.all_permissions, Group.name)
    groups = db.session.execute(visible)
    return [group.name for group in groups if group.all_permissions or code in group.permissions]
