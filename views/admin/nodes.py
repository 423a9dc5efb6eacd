"""The screen of nodes: service providers, platform accounts and sub-accounts."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.node import Node
from views.screen import Screen, cells
from views.screen.related_lists import Rows


class Nodes(Screen):
    model = Node
    name = _l("Nodes")
    category = _l("People")
    menu_icon_value = "boxes"
    menu_order = 40
    views: ClassVar = {_l("Service providers"): "kind=service_provider"}
    column_list = ("id", "name", "kind", "parent", "status", "created_at")
    column_filters = ("name", "kind", "parent", "status", "created_at")
    column_default_sort = "name"
    column_details_list = (
        *("id", "name", "kind", "parent", "status", "status_reason"),
        *("invitation_hours", "two_factor_required", "web_sign_in", "ip_whitelist"),
        *("created_at", "updated_at"),
    )
    column_labels: ClassVar = {
        "parent": _l("Lies below"),
        "two_factor_required": _l("Second factor required"),
        "web_sign_in": _l("Sign-in by user name on the web"),
        "invitation_hours": _l("Invitations are valid for (hours)"),
        "ip_whitelist": _l("IP whitelist"),
    }
    form_sections: ClassVar = {
        _l("Node"): (("name", "parent"),),
        _l("What it demands of its people"): (
            ("invitation_hours", "web_sign_in"),
            "two_factor_required",
            "ip_whitelist",
        ),
    }
    tabs = (Rows("children"),)

    def badges(self, row: Node) -> list[Markup]:
        return [cells.choice(Node, name, getattr(row, name)) for name in ("kind", "status")]
