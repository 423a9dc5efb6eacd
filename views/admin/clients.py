"""The screen of clients, whom the company's product serves."""

from flask_babel import lazy_gettext as _l

from backoffice.models.client import Client
from views.screen import Screen
from views.screen.columns import Column


class Clients(Screen):
    model = Client
    name = _l("Clients")
    category = _l("Clients")
    menu_icon_value = "person-vcard"
    menu_order = 10
    column_table = (
        Column("id", "shown filter details export"),
        Column("email", "shown filter details export form", _l("E-mail")),
        Column("name", "shown export"),
        Column("first_name", "filter details form"),
        Column("last_name", "filter details form"),
        Column("status", "shown filter details export", _l("Is active")),
        Column("type", "shown filter details export form", _l("Status")),
        Column("client_group", "shown filter details export", _l("Group")),
        Column("joined_at", "shown filter details export", _l("Registration date")),
        Column("country", "offered filter details export form"),
        Column("tags", "offered filter details export form"),
        Column("kyc_state", "offered filter details export", _l("KYC")),
        Column("two_factor", "offered filter details export", _l("2FA")),
        Column("is_staff", "offered filter details export form", _l("Is staff")),
        Column("is_company_user", "offered filter", _l("Is company user")),
        Column("company", "offered filter details export form"),
        Column("company_owner", "details export form"),
        Column("phone", "offered filter details export form"),
        Column("external_id", "offered filter details export form", _l("External ID")),
        Column("uuid", "details export", _l("UUID")),
        Column("language", "details export form"),
        Column("communication_language", "details export form"),
        Column("password_state", "details", _l("Password")),
        Column("ip_whitelist", "details form", _l("IP whitelist")),
        Column("extra_permissions", "details"),
        Column("email_verified_at", "details", _l("E-mail verified at")),
        Column("phone_verified_at", "details"),
        Column("last_login_at", "offered details export", _l("Last sign-in")),
    )
    column_default_sort = "-id"
