"""Groups: the sets of permissions, with tabs for these and for the members."""

from typing import Any, ClassVar

from flask import render_template, url_for
from markupsafe import Markup

from backoffice.models.fields import heading
from backoffice.models.group import Group
from backoffice.people import groups, members
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, catalogue
from backoffice.policy.rules import can
from forms.base import Form
from forms.fields import PermissionsField, PickField
from forms.group import GroupForm
from views.screen import Screen
from views.screen.editing import picker


class Groups(Screen):
    model = Group
    category = "People"
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
        "is_system": "Shipped",
        "all_permissions": "All permissions",
        "grants": "May give",
    }
    details_tabs: ClassVar = {"permissions": "Permissions", "users": "Users"}
    form = GroupForm
    column_default_sort = "name"

    def form_class(self, actor: Actor, row: Any) -> type[Form]:
        """The permissions as a table by area; the groups that members may give and take."""
        held = set(row.permissions) if row else set()
        extra = {
            "permissions": PermissionsField("Permissions", areas=lambda: by_area(actor, held)),
            "grants": PickField(
                "Members may give and take these groups", **picker(self, actor, Group, "grants")
            ),
        }
        return type("GroupForm", (GroupForm,), extra)

    def written(self, actor: Actor, row: Any, version: int | None, values: dict[str, Any]) -> Any:
        """Whoever adds a group can give it."""
        if row is None:
            return groups.create(actor=actor, values=values)
        return super().written(actor, row, version, values)

    def tab(self, actor: Actor, row: Any, name: str) -> Markup:
        """Permissions by area, or the first members with a link to the whole list."""
        if name == "permissions":
            held = set(catalogue()) if row.all_permissions else set(row.permissions)
            page = render_template(
                "admin/groups/permissions.html", group=row, areas=by_area(actor, held, only=held)
            )
        else:
            people, more = members.members(actor, row.id)
            href = url_for("users.index", groups=row.id)
            shown = people if can(actor, "users.view") else []
            page = render_template(
                "admin/groups/users.html", group=row, people=shown, more=more, href=href
            )
        return Markup(page)  # noqa: S704  # rendered from our own templates


def by_area(
    actor: Actor, held: set[str], *, only: set[str] | None = None
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The catalogue by area: each permission with whether it is held, and whether the actor could give it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for permission in catalogue().values():
        if only is None or permission.code in only:
            found.setdefault(heading(permission.area), []).append(_shown(actor, permission, held))
    return list(found.items())


def _shown(actor: Actor, permission: Permission, held: set[str]) -> dict[str, Any]:
    return {
        "code": permission.code,
        "meaning": permission.meaning,
        "danger": permission.danger,
        "held": permission.code in held,
        "mine": can(actor, permission.code),
    }
