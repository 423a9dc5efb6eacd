"""The screen of those who work with a wallet."""

from flask_babel import lazy_gettext as _l

from backoffice.models.wallet import WalletMember
from views.admin.limited_lists import OfClients
from views.screen import Screen


class WalletMembers(OfClients, Screen):
    model = WalletMember
    category = _l("Clients")
    menu_icon_value = "people"
    in_menu = False  # they are a tab of their wallet
    column_list = ("id", "wallet", "client", "role", "created_at")
    column_filters = ("wallet", "client", "role")
    form_columns = ("wallet", "client", "role")
