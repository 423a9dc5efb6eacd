"""The screen of KYC cases, which are decided by actions."""

from flask_babel import lazy_gettext as _l

from backoffice.models.kyc_case import KycCase
from views.screen import Screen


class KycCases(Screen):
    model = KycCase
    category = _l("Clients")
    menu_icon_value = "shield-check"
    menu_order = 40
    column_list = ("id", "client", "level", "state", "submitted_at", "decided_by", "decided_at")
    column_filters = ("client", "level", "state", "submitted_at", "decided_by", "decided_at")
    form_columns = ("client", "level", "documents")
    form_readonly = ("client", "level")
