"""The screen of wallets, whose balances come from the company's own product."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.wallet import Wallet
from views.admin.limited_lists import OfClients
from views.screen import Screen, cells
from views.screen.related_lists import Rows


def _balance(row: Any, _page: object = None) -> Markup:
    return cells.amount(row.balance, row.currency)


class Wallets(OfClients, Screen):
    model = Wallet
    category = _l("Clients")
    menu_icon_value = "wallet2"
    menu_order = 30
    column_list = ("id", "name", "client", "balance", "currency", "status", "opened_at")
    column_default_list = ("id", "name", "client", "balance", "status", "opened_at")
    column_extra_list = ("currency",)
    column_formatters: ClassVar = {"balance": _balance}
    column_formatters_detail: ClassVar = {"balance": _balance}
    column_filters = ("name", "client", "currency", "balance", "status", "opened_at")
    form_columns = ("name", "status")
    column_labels: ClassVar = {"external_id": _l("External ID")}
    tabs = (Rows("members"),)
