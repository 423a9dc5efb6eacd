"""Draw the tabs of a group's details."""

from collections.abc import Mapping, Sequence

from flask import render_template
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.data import records
from backoffice.models.group import Group
from backoffice.people import groups, members
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from views.admin.group_permissions import by_area
from views.screen.related_lists import Between, Rows
from views.web.times import ago


def permissions(actor: Actor, group: Group) -> Markup:
    """Return what members may do, by area."""
    held = set(catalogue()) if group.all_permissions else set(group.permissions)
    gone = sorted(held - set(catalogue()))
    areas = by_area(actor, only=held)
    return _drawn("permissions", group=group, areas=areas, number=len(held) - len(gone), gone=gone)


def grants(actor: Actor, group: Group) -> Markup:
    """Return which groups members can assign, and the members of which groups can assign it."""
    assigned_by = groups.assigned_by(actor=actor, group=group)
    can_assign = records.named(actor=actor, model=Group, rows=group.grants)
    return _drawn("grants", group=group, can_assign=can_assign, assigned_by=assigned_by)


def _drawn(name: str, **values: object) -> Markup:
    page = render_template(f"admin/groups/{name}.html", **values)
    return Markup(page)  # noqa: S704  # rendered from our own templates


def _ends(group_id: int, user_ids: Sequence[int]) -> Mapping[int, Markup]:
    return {user_id: ago(at) for user_id, at in members.ends(group_id, user_ids).items()}


USERS = Rows(
    "users",
    _l("Users"),
    add="add_to_group",
    remove="remove_from_group",
    between=Between(_l("Membership ends"), _ends),
)
