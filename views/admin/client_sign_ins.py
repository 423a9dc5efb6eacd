"""The screen of clients' sign-ins to the company's own product."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.models.client_sign_in import ClientSignIn
from views.admin.limited_lists import OfClients
from views.screen import Screen


class ClientSignIns(OfClients, Screen):
    model = ClientSignIn
    name = _l("API sessions")
    category = _l("Clients")
    menu_icon_value = "door-open"
    menu_order = 50
    column_list = ("client", "ip", "at", "result", "reason", "device", "place", "session")
    column_default_list = ("client", "ip", "at", "result", "device", "place")
    column_filters = ("client", "ip", "at", "result", "reason")
    column_default_sort = "-at"
    column_labels: ClassVar = {"ip": _l("IP"), "at": _l("Time")}
