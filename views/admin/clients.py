"""The screen of clients, whom the company's own product serves."""

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models import client_groups
from backoffice.models.base import Record
from backoffice.models.client import Client
from backoffice.models.client_tag import ClientTag
from backoffice.policy import grants, masking
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from forms.base import Form
from forms.fields import PickField
from views.admin import client_tabs
from views.admin.limited_lists import OfClients
from views.screen import Screen, cells
from views.screen.columns import Column
from views.screen.editing import picker
from views.screen.related_lists import Rows
from views.web.actor import actor as current_actor


def _contact(client: Client, name: str) -> Markup:
    """Return an address or a number with whether the client has confirmed it."""
    shown = masking.read(current_actor(), Client, client, name)
    cell = cells.full_maker(Client, name)(shown)
    if not shown:
        return cell
    is_verified = getattr(client, f"{name}_verified_at") is not None
    badge = (
        cells.badge(_("Verified"), "green")
        if is_verified
        else cells.badge(_("Not verified"), "grey")
    )
    return Markup("{} {}").format(cell, badge)


class Clients(OfClients, Screen):
    model = Client
    category = _l("Clients")
    menu_icon_value = "person-vcard"
    menu_order = 10
    column_table = (
        Column("id", "shown filter details export", _l("ID")),
        Column("email", "shown filter details export form", _l("E-mail")),
        Column("name", "shown export"),
        Column("first_name", "filter details form"),
        Column("last_name", "filter details form"),
        Column("status", "shown filter details export", _l("Is active")),
        Column("type", "shown filter details export form", _l("Status")),
        Column("joined_at", "shown filter details export", _l("Registration date")),
        Column("client_group", "shown filter details export", _l("Group")),
        Column("is_staff", "offered filter details export form", _l("Is staff")),
        Column("is_company_user", "offered filter", _l("Is company user")),
        Column("country", "offered filter details export form"),
        Column("tags", "offered filter details export form"),
        Column("kyc_state", "offered filter details export", _l("KYC")),
        Column("two_factor", "offered filter details export", _l("2FA")),
        Column("company", "offered filter details export form"),
        Column("company_owner", "details export form"),
        Column("phone", "offered filter details export form"),
        Column("external_id", "offered filter details export form", _l("External ID")),
        Column("uuid", "details export", _l("UUID")),
        Column("language", "details export form", _l("Preferred language")),
        Column("communication_language", "details export form"),
        Column("password_state", "details", _l("Password")),
        Column("ip_whitelist", "details form", _l("IP whitelist")),
        Column("extra_permissions", "details"),
        Column("email_verified_at", "details", _l("E-mail verified at")),
        Column("phone_verified_at", "details"),
        Column("last_login_at", "offered details export", _l("Last login")),
    )
    column_formatters_detail: ClassVar = {
        name: partial(_contact, name=name) for name in ("email", "phone")
    }
    form_sections: ClassVar = {
        _l("Client"): (
            "type",
            ("first_name", "last_name"),
            "email",
            ("phone", "country"),
            ("language", "communication_language"),
            "external_id",
        ),
        _l("Company"): ("company", ("company_owner", "is_staff")),
        _l("Access"): ("tags", "ip_whitelist"),
    }
    action_groups = (
        ("ask_for_kyc", "add_tags", "set_group", "remove_tags", "set_country"),
        ("give_permissions", "take_permissions"),
        ("activate", "deactivate"),
        ("verify_email", "verify_phone"),
        ("send_password_link", "temporary_password", "enable_2fa", "disable_2fa"),
        ("reveal",),
        ("delete",),
    )
    overview_tab = ("info", _l("Info"))
    events_tab = ("operation-log", _l("Operation log"))
    details_tabs: ClassVar = {
        "two-factor": _l("2FA"),
        "additional": _l("Additional"),
        "kyc": _l("KYC"),
        "api-user": _l("API user"),
    }
    details_sections: ClassVar = {
        "info": {
            _l("Client"): (
                *("email", "first_name", "last_name", "phone", "country", "tags"),
                *("language", "status", "type", "client_group"),
            ),
            _l("Sign-in and permissions"): (
                *("ip_whitelist", "password_state", "two_factor", "extra_permissions"),
            ),
        },
        "two-factor": {_l("2FA"): ("two_factor", "email_verified_at", "phone_verified_at")},
    }
    tabs = (
        Rows("wallets"),
        Rows("client_sign_ins", _l("API sessions")),
        Rows("client_tokens", _l("Sent tokens")),
    )

    def badges(self, row: Client) -> list[Markup]:
        shown = ("status", "client_group")
        badges = [cells.choice(Client, name, getattr(row, name)) for name in shown]
        return [*badges, *client_tabs.kyc_badge(row)]

    def below(self, _actor: Actor, row: Client) -> Markup:
        """Return what the present client group means, and all the others on request."""
        groups = client_tabs.groups()
        present = [each for each in groups if each[0] == row.client_group]
        others = [each for each in groups if each not in present]
        html = render_template("admin/clients/groups.html", present=present, others=others)
        return Markup(html)  # noqa: S704  # rendered from our own template

    def has_tabs(self, row: Client) -> Collection[str]:
        """Return the tabs; that of an API user has only a client of that group."""
        is_api = row.client_group == client_groups.API
        return [name for name in self.details_tabs if name != "api-user" or is_api]

    def tab(self, actor: Actor, row: Client, name: str) -> Markup:
        return client_tabs.tab(self, actor, row, name)

    def fixed(self, row: Client) -> dict[str, str]:
        """Return the external ID of a client who has one: files of the product name them by it."""
        if not row.external_id:
            return {}
        return {"external_id": _("Your product knows the client by it, so it stays as it is.")}

    def hints(self, row: Client | None) -> dict[str, str]:
        """Return what becomes of a client whose address or number is changed."""
        if row is None:
            return {}
        address = _("A new one is not verified. It ends the client's sessions in your product.")
        return {"email": address, "phone": _("A new one is not verified.")}

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return a form that offers the client tags within the actor's own limits."""
        form_class = super().form_class(actor, row)
        if not sees(actor, ClientTag):
            return form_class
        among = grants.allowed_client_tags(actor)
        offered = picker(self, actor, ClientTag, "tags", among)
        tags = PickField(_("Tags"), keeps=row is not None, **offered)
        return type("ClientForm", (form_class,), {"tags": tags})
