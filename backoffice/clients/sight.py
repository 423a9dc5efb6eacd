"""Keep clients in the sight of those who write them: what one writes, one also sees afterwards."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from backoffice.clients.scope import is_limited
from backoffice.errors import RuleBroken
from backoffice.models.client import Client
from backoffice.models.client_tag import ClientTag
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.client_limits import Limit


def check(actor: Actor, client: Client | None, values: dict[str, Any]) -> None:
    """Require that the actor sees the client afterwards, and keep tags that are not theirs to take.

    Raises RuleBroken with the field it belongs to.
    """
    if not is_limited(actor):
        return
    _check_tags(actor, client, values)
    country = values.get("country", client.country if client else None)
    if not client_limits.countries_of(actor).lets_through(country):
        message = _("You do not see clients of this country: choose one of yours.")
        raise RuleBroken(message, field="country")


def _check_tags(actor: Actor, client: Client | None, values: dict[str, Any]) -> None:
    own = client_limits.tags_of(actor)
    if own.mode == "all":
        return
    before: list[ClientTag] = client.tags if client else []
    if "tags" in values:
        values["tags"] = _with_kept(own, before, values["tags"])
    after = values.get("tags", before)
    if own.mode == "only" and not any(own.lets_through(tag.id) for tag in after):
        message = _("You would not see this client: choose one of your own client tags.")
        raise RuleBroken(message, field="tags")


def _with_kept(
    own: Limit, before: Sequence[ClientTag], wanted: Sequence[ClientTag]
) -> list[ClientTag]:
    """Return the wanted tags beside those that the actor does not see, which stay."""
    kept = [tag for tag in before if not own.lets_through(tag.id)]
    chosen = [tag for tag in wanted if tag not in kept]
    if not all(own.lets_through(tag.id) for tag in chosen):
        raise RuleBroken(_("One of these client tags is beyond your own."), field="tags")
    return [*chosen, *kept]
