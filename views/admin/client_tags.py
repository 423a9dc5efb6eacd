"""The screen of client tags, which mark clients."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.client_tag import ClientTag
from views.screen import Screen, cells


def _name(row: cells.ListRow, page: cells.CellContext) -> Markup:
    pill = Markup('<a class="pill tag-{}" href="{}{}">{}</a>')
    return pill.format(row.colour, page.base, row.id, row.name)


class ClientTags(Screen):
    model = ClientTag
    category = _l("Clients")
    menu_icon_value = "tags"
    menu_order = 70
    column_list = ("id", "name", "colour", "created_at")
    column_filters = ("colour", "created_at")
    form_columns = ("name", "colour")
    column_default_sort = "name"
    column_formatters: ClassVar = {"name": _name}
    column_extra_list = ("colour",)
