"""The screen of extra permissions: who has which beside those of their groups, and until when."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.models.direct_grant import DirectGrant
from backoffice.policy.permissions import meaning
from views.screen import Screen


class DirectGrants(Screen):
    model = DirectGrant
    name = _l("Extra permissions")
    category = _l("People")
    menu_icon_value = "key"
    menu_order = 25
    column_list = (
        "id",
        "user",
        "permission",
        "ends",
        "ends_at",
        "reason",
        "given_by",
        "created_at",
    )
    column_default_list = ("permission", "user", "ends", "ends_at", "reason", "given_by")
    column_filters = ("ends", "user", "permission", "given_by", "ends_at", "created_at")
    column_details_list = column_list
    column_export_list = column_list
    column_value_labels: ClassVar = {"permission": meaning}
    column_labels: ClassVar = {
        "user": _l("Person"),
        "created_at": _l("Given at"),
    }
