"""Check what is written about clients, and by whom."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import clock
from backoffice.auth import networks
from backoffice.clients import contacts, groups, sight
from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models import client_groups
from backoffice.models.client import Client
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.text import address_key

IDENTIFIERS = ("email", "phone", "external_id", "first_name", "last_name")


@records.reached(Client)
def reach(actor: Actor, client: Client) -> str:
    """Return why the actor may not change the client: contacts would decide about themselves."""
    is_theirs = select(contacts.is_contact(actor)).where(Client.id == client.id)
    if not db.session.scalar(is_theirs):
        return ""
    label = masking.label(actor, client)
    return _("You are a contact of %(label)s: somebody else changes it.", label=label)


@records.checked(Client)
def check(actor: Actor, client: Client | None, values: dict[str, Any]) -> None:
    """Require something that a client is told apart by, and complete what follows from the values.

    Who is limited to some clients writes no others.
    """
    if not any(values.get(name, getattr(client, name, None)) for name in IDENTIFIERS):
        sentence = _("Give an e-mail address, a phone number, a name or an external ID.")
        raise RuleBroken(sentence, field="email")
    _require_company(client, values)
    sight.check(actor, client, values)
    if client:
        _start_again(client, values)
    if client and actor.user_id:  # files of the product say groups themselves
        groups.follow_company(client, values)
    if "email" in values:
        values["email_key"] = address_key(values["email"]) if values["email"] else None
    if "ip_whitelist" in values:
        values["ip_whitelist"] = networks.canonical(values["ip_whitelist"])


def _require_company(client: Client | None, values: dict[str, Any]) -> None:
    """Require the company of a program; forms give the row of it, and files its number."""
    group = values.get("client_group", client.client_group if client else None)
    company_id = values.get("company_id", client.company_id if client else None)
    if group == client_groups.API and not values.get("company", company_id):
        raise RuleBroken(_("A program always belongs to a company."), field="company")


def _start_again(client: Client, values: dict[str, Any]) -> None:
    """Let nothing that held for an old address or number hold for a new one.

    A new one is confirmed only if that is among the values. Sessions and tokens from before a new
    address, or before a block, are void.
    """
    has_new_address = values.get("email", client.email) != client.email
    is_blocked = values.get("status") == "blocked" != client.status
    if has_new_address:
        values.setdefault("email_verified_at", None)
    if has_new_address or is_blocked:
        values["sessions_valid_from"] = clock.now()
    if values.get("phone", client.phone) != client.phone:
        values.setdefault("phone_verified_at", None)
