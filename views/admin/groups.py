"""The screen of groups: sets of permissions, what their members can assign, and the members."""

from collections.abc import Sequence
from typing import ClassVar

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from markupsafe import Markup

from backoffice.models.base import Entity, Record
from backoffice.models.group import Group
from backoffice.models.node import SERVICE_PROVIDER, Node
from backoffice.people import forecast, group_comparison, groups, members
from backoffice.policy.actor import Actor
from backoffice.sheets.changes import state_of
from forms.base import Form
from forms.fields import PermissionsField, PickField
from forms.group import GroupForm
from views.admin import group_review, group_tabs
from views.admin.group_compare import ComparePages
from views.admin.group_permissions import by_area
from views.admin.group_sheets import SheetPages
from views.screen import Screen, cells
from views.screen.editing import picker
from views.web.actor import signed_in
from views.web.answers import Answer


def _name(row: cells.ListRow, page: cells.CellContext) -> Markup:
    """Return the name, and how many members there are."""
    link = page.link(row.id, row.name)
    number = g.group_members.get(row.id)
    if number is None:
        return link
    label = _n("%(number)s member", "%(number)s members", 1 if number == "1" else 2, number=number)
    return Markup('{} <small class="muted">{}</small>').format(link, label)


class Groups(SheetPages, ComparePages, Screen):
    model = Group
    category = _l("People")
    menu_icon_value = "diagram-3"
    menu_order = 20
    column_list = ("id", "name", "description", "is_system", "created_at", "updated_at")
    column_default_list = ("id", "name", "description", "is_system", "updated_at")
    column_filters = ("is_system", "created_at")
    form_columns = (
        *("name", "description", "node", "level", "reviewer", "mask_data"),
        *("permissions", "grants"),
    )
    column_details_list = (
        "id",
        "name",
        "description",
        "is_system",
        "node",
        "level",
        "reviewer",
        "mask_data",
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
        "mask_data",
        "created_at",
    )
    column_labels: ClassVar = {
        "is_system": _l("Built-in"),
        "all_permissions": _l("All permissions"),
        "grants": _l("Can assign"),
        "reviewer": _l("Reviewer"),
        "mask_data": _l("Mask data"),
        "node": _l("Service provider"),
        "level": _l("Role at the level of"),
    }
    column_descriptions: ClassVar = {
        "reviewer": _l("Decides in access reviews whether the members are to stay."),
        "node": _l("Only its people may be in the group. Empty: those of all."),
        "level": _l("How much of the organisation its members reach. Empty: no role."),
        "mask_data": _l("Members see names, e-mails and phones of clients as asterisks."),
    }
    details_tabs: ClassVar = {"permissions": _l("Permissions"), "grants": _l("Can assign")}
    tabs = (group_tabs.USERS,)
    form = GroupForm
    column_default_sort = "name"
    column_formatters: ClassVar = {"name": _name}

    def prepare(self, rows: Sequence[cells.ListRow]) -> None:
        """Read how many members the groups of the page have."""
        g.group_members = members.numbers(signed_in(), [row.id for row in rows])

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return a form with the permissions by area, and the groups that members can assign."""
        permissions = PermissionsField(
            _("Permissions"),
            areas=lambda: by_area(actor),
            description=forecast.besides(actor, forecast.Change()),
        )
        grants = PickField(
            _("Members can assign these groups"), **picker(self, actor, Group, "grants")
        )
        extra = {"permissions": permissions, "grants": grants}
        if actor.has_nodes:
            providers = picker(self, actor, Node, "node", Node.kind == SERVICE_PROVIDER)
            extra["node"] = PickField(
                self.column_labels["node"],
                description=self.column_descriptions["node"],
                multiple=False,
                **providers,
            )
        return type("GroupForm", (super().form_class(actor, row),), extra)

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer | None:
        """Change the group, or add one; a person who adds a group can assign it.

        Where members gain or lose something, a page says what before it is saved.
        """
        if row is None:
            return groups.create(actor=actor, values=values)
        if group_review.goes_back():
            return None
        assert isinstance(row, Group)
        before = state_of(row)
        saved = super().saved(actor, row, version, values)
        return group_review.page(self, actor, row, before) or saved

    def links_after_save(self, actor: Actor, row: Group) -> list[dict[str, str]]:
        """Return the way back to what members could do before, if that was changed."""
        if not group_review.was_seen():
            return []
        changes = group_comparison.changes(actor=actor, group=row)
        if not changes:
            return []
        href = self.url_of("compare", groups=row.id, before=changes[0].id)
        return [{"label": _("Compare then and now, or restore it"), "href": href}]

    def tab(self, actor: Actor, row: Group, name: str) -> Markup:
        """Return the permissions by area, or which groups give each other."""
        draw = group_tabs.permissions if name == "permissions" else group_tabs.grants
        return draw(actor, row)
