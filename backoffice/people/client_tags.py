"""Check what is written about client tags."""

from typing import Any

from flask_babel import gettext as _

from backoffice.data import records, texts
from backoffice.errors import RuleBroken
from backoffice.models.client_tag import ClientTag
from backoffice.policy.actor import Actor


@records.checked(ClientTag)
def check(_actor: Actor, tag: ClientTag | None, values: dict[str, Any]) -> None:
    """Require a name that no other tag has, in any case or with look-alike letters."""
    if "name" not in values:
        return
    if not values["name"]:
        raise RuleBroken(_("Give the tag a name."), field="name")
    texts.require_free(ClientTag, values["name"], tag)
