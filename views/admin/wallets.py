"""The screen of wallets, whose balances come from the company's own product."""

from flask_babel import lazy_gettext as _l

from backoffice.models.wallet import Wallet
from views.screen import Screen
from views.screen.related_lists import Rows


class Wallets(Screen):
    model = Wallet
    category = _l("Clients")
    menu_icon_value = "wallet2"
    menu_order = 30
    column_list = ("id", "name", "client", "currency", "balance", "status", "opened_at")
    column_filters = ("name", "client", "currency", "balance", "status", "opened_at")
    form_columns = ("name", "status")
    tabs = (Rows("members"),)
