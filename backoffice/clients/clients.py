"""Check what is written about clients."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import not_, select

from backoffice.auth import networks
from backoffice.data import records
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_tag import ClientTag
from backoffice.policy import grants
from backoffice.policy.actor import Actor
from backoffice.text import address_key

IDENTIFIERS = ("email", "phone", "external_id", "first_name", "last_name")


@records.checked(Client)
def check(actor: Actor, client: Client | None, values: dict[str, Any]) -> None:
    """Require something that a client is told apart by, and complete what follows from the values.

    Tags are given and taken within the actor's own limits alone.
    """
    if not any(values.get(name, getattr(client, name, None)) for name in IDENTIFIERS):
        sentence = _("Give an e-mail address, a phone number, a name or an external ID.")
        raise RuleBroken(sentence, field="email")
    if "email" in values:
        values["email_key"] = address_key(values["email"]) if values["email"] else None
    if "ip_whitelist" in values:
        values["ip_whitelist"] = networks.canonical(values["ip_whitelist"])
    if "tags" in values:
        _check_tags(actor, client, values["tags"])


def _check_tags(actor: Actor, client: Client | None, tags: list[ClientTag]) -> None:
    """Raise GrantExceeded for a tag that is given or taken and is beyond the actor's own."""
    changed = {tag.id for tag in tags} ^ {tag.id for tag in (client.tags if client else ())}
    beyond = select(ClientTag.id).where(
        ClientTag.id.in_(changed), not_(grants.allowed_client_tags(actor))
    )
    if db.session.scalar(beyond.limit(1)):
        message = _("One of these client tags is beyond your own.")
        raise GrantExceeded(message, field="tags", code="clients.edit")
