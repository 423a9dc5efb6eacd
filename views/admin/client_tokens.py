"""The screen of the tokens that were sent to clients, never with their values."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.models.client_token import ClientToken
from views.admin.limited_lists import OfClients
from views.screen import Screen


class ClientTokens(OfClients, Screen):
    model = ClientToken
    name = _l("Sent tokens")
    category = _l("Clients")
    menu_icon_value = "key"
    menu_order = 60
    column_list = ("at", "client", "recipient", "channel", "purpose", "state", "expires_at")
    column_default_list = ("at", "client", "recipient", "purpose", "state", "expires_at")
    column_filters = ("client", "at", "channel", "purpose", "state")
    column_default_sort = "-at"
    column_labels: ClassVar = {
        "at": _l("Time"),
        "recipient": _l("E-mail or phone"),
        "purpose": _l("Token"),
        "state": _l("Status"),
    }
