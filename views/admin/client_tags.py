"""Client tags: marks on clients."""

from typing import ClassVar

from markupsafe import Markup

from backoffice.models.client_tag import ClientTag
from views.screen import Screen


class ClientTags(Screen):
    model = ClientTag
    area = "People"
    icon = "tags"
    order = 30
    columns = ("id", "name", "colour", "created_at")
    filters = ("colour", "created_at")
    fields = ("name", "colour")
    sort = "name"
    cells: ClassVar = {
        "name": lambda row, page: Markup('<a class="pill tag-{}" href="{}{}">{}</a>').format(
            row.colour, page.base, row.id, row.name
        )
    }
    extra_columns = ("colour",)
