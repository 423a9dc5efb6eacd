"""Client tags: marks on clients."""

from typing import ClassVar

from markupsafe import Markup

from backoffice.models.client_tag import ClientTag
from views.screen import Screen


class ClientTags(Screen):
    model = ClientTag
    category = "People"
    menu_icon_value = "tags"
    menu_order = 30
    column_list = ("id", "name", "colour", "created_at")
    column_filters = ("colour", "created_at")
    form_columns = ("name", "colour")
    column_default_sort = "name"
    column_formatters: ClassVar = {
        "name": lambda row, page: Markup('<a class="pill tag-{}" href="{}{}">{}</a>').format(
            row.colour, page.base, row.id, row.name
        )
    }
    column_extra_list = ("colour",)
