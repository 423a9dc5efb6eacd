"""The screen of groups: sets of permissions, with tabs for the permissions and the members."""

from dataclasses import dataclass
from typing import ClassVar

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.base import Entity, Record
from backoffice.models.group import Group
from backoffice.people import forecast, groups, members
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, catalogue
from backoffice.policy.rules import can
from forms.base import Form
from forms.fields import PermissionsField, PickField
from forms.group import GroupForm
from views.admin.group_sheets import SheetPages
from views.screen import Screen
from views.screen.editing import picker
from views.web import words
from views.web.answers import Answer

FIRST = ("view", "create", "edit", "delete", "export")  # the others follow by name


@dataclass(frozen=True)
class Offered:
    """A permission; `mine` says that the actor could give it."""

    code: str
    meaning: str
    danger: bool
    mine: bool


class Groups(SheetPages, Screen):
    model = Group
    category = _l("People")
    menu_icon_value = "diagram-3"
    menu_order = 20
    column_list = ("id", "name", "description", "is_system", "created_at", "updated_at")
    column_default_list = ("id", "name", "description", "is_system", "updated_at")
    column_filters = ("is_system", "created_at")
    form_columns = ("name", "description", "permissions", "grants")
    column_details_list = (
        "id",
        "name",
        "description",
        "is_system",
        "grants",
        "created_at",
        "updated_at",
    )
    column_export_list = (
        "id",
        "name",
        "description",
        "is_system",
        "all_permissions",
        "permissions",
        "created_at",
    )
    column_labels: ClassVar = {
        "is_system": _l("Built-in"),
        "all_permissions": _l("All permissions"),
        "grants": _l("May give"),
    }
    details_tabs: ClassVar = {"permissions": _l("Permissions"), "users": _l("Users")}
    form = GroupForm
    column_default_sort = "name"

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return a form with the permissions by area, and the groups that members may give."""
        permissions = PermissionsField(
            _("Permissions"),
            areas=lambda: by_area(actor),
            description=forecast.besides(actor, forecast.Change()),
        )
        grants = PickField(
            _("Members may give and take these groups"), **picker(self, actor, Group, "grants")
        )
        extra = {"permissions": permissions, "grants": grants}
        return type("GroupForm", (super().form_class(actor, row),), extra)

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer:
        """Change the group, or add one; a person who adds a group can give it."""
        if row is None:
            return groups.create(actor=actor, values=values)
        return super().saved(actor, row, version, values)

    def tab(self, actor: Actor, row: Group, name: str) -> Markup:
        """Return the permissions by area, or the first members with a link to the whole list."""
        page = _permissions_tab(actor, row) if name == "permissions" else _users_tab(actor, row)
        return Markup(page)  # noqa: S704  # rendered from our own templates


def _permissions_tab(actor: Actor, group: Group) -> str:
    held = set(catalogue()) if group.all_permissions else set(group.permissions)
    areas = by_area(actor, only=held)
    return render_template("admin/groups/permissions.html", group=group, areas=areas)


def _users_tab(actor: Actor, group: Group) -> str:
    people, more = members.members(actor, group.id)
    if not can(actor, "users.view"):
        people = []
    href = url_for("users.index", groups=group.id)
    return render_template(
        "admin/groups/users.html", group=group, people=people, more=more, href=href
    )


def by_area(actor: Actor, *, only: set[str] | None = None) -> list[tuple[str, list[Offered]]]:
    """Return the permissions by area, or those of `only`."""
    areas: dict[str, list[Offered]] = {}
    for permission in sorted(catalogue().values(), key=_place):
        if only is None or permission.code in only:
            area = areas.setdefault(words.area(permission.area), [])
            area.append(_offered(actor, permission))
    return list(areas.items())


def _place(permission: Permission) -> tuple[str, int]:
    """Return where a permission stands: within its area, to see comes before to change."""
    verb = permission.code.partition(".")[2]
    return permission.area, FIRST.index(verb) if verb in FIRST else len(FIRST)


def _offered(actor: Actor, permission: Permission) -> Offered:
    return Offered(
        code=permission.code,
        meaning=str(permission.meaning),
        danger=permission.danger,
        mine=can(actor, permission.code),
    )
