"""The screen of KYC cases, which are decided by actions."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine import report
from backoffice.models.kyc_case import KycCase
from views.admin.limited_lists import OfClients
from views.screen import Screen, cells


class KycCases(OfClients, Screen):
    model = KycCase
    category = _l("Clients")
    menu_icon_value = "shield-check"
    menu_order = 40
    views: ClassVar = {_l("Pending"): "state=pending&sort=submitted_at"}
    column_list = ("id", "client", "level", "state", "submitted_at", "decided_by", "decided_at")
    column_filters = ("client", "level", "state", "submitted_at", "decided_by", "decided_at")
    form_columns = ("client", "level", "documents")
    form_readonly = ("client", "level")
    column_details_list = (
        *("id", "client", "level", "state", "reason", "documents"),
        *("submitted_at", "decided_by", "decided_at"),
    )

    column_value_labels: ClassVar = {"reason": report.reason}

    def badges(self, row: KycCase) -> list[Markup]:
        return [cells.choice(KycCase, "state", row.state)]
