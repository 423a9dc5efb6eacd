"""Client tags: what may be written about them."""

from typing import Any

from sqlalchemy import select

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.policy.actor import Actor
from backoffice.services import records


@records.checked(ClientTag)
def check(_actor: Actor, tag: ClientTag | None, values: dict[str, Any]) -> None:
    """A tag has a name of its own, whatever its case."""
    if "name" not in values:
        return
    if not values["name"]:
        raise RuleBroken("Give the tag a name.", field="name")
    key = ClientTag(name=values["name"]).name_key
    same = db.session.scalar(select(ClientTag.id).where(ClientTag.name_key == key))
    if same and (tag is None or same != tag.id):
        raise RuleBroken("Another client tag has this name.", field="name")
