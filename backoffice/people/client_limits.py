"""Check what people are limited to: which clients they see, and how much of them."""

from typing import Any

from flask_babel import gettext as _

from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.people import access
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.client_limits import Limit

SCOPE = "users.assign_scope"
MASK = "users.mask"
FIELDS = ("client_tags_mode", "client_tags", "countries_mode", "countries", "mask_data")


def inherit(actor: Actor, values: dict[str, Any], tags: list[ClientTag]) -> None:
    """Give a new person the limits of their creator, whose tags these are, unless some were chosen.

    Otherwise somebody with a limited view could create people who see more than they do.
    """
    if actor.client_tags_mode != "all" and "client_tags_mode" not in values:
        values.setdefault("client_tags", tags)
        values["client_tags_mode"] = actor.client_tags_mode
    if actor.countries_mode != "all" and "countries_mode" not in values:
        values.setdefault("countries", sorted(actor.countries))
        values["countries_mode"] = actor.countries_mode
    if actor.mask_data:
        values.setdefault("mask_data", True)


def check(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Require that what a person is limited to lies within the actor's own limits.

    Raises RuleBroken or GrantExceeded with the field it belongs to.
    """
    _check_tags(actor, user, values)
    _check_countries(actor, user, values)
    _check_mask(actor, user, values)


def _check_tags(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    before = _tags(user, {})
    after = _tags(user, values)
    # Also for a person whose last tag was deleted, and whose other fields are changed now.
    if user and after == before:
        return
    if after.mode == "only" and not after.values:
        message = _("“Only these” needs at least one client tag.")
        raise RuleBroken(message, field="client_tags")
    if not client_limits.within_tags(after, client_limits.tags_of(actor)):
        raise _shows_more("client_tags", after)


def _tags(user: User | None, values: dict[str, Any]) -> Limit:
    tags = values.get("client_tags", user.client_tags if user else ())
    mode = values.get("client_tags_mode") or (user.client_tags_mode if user else "all")
    return Limit(mode, frozenset(tag.id for tag in tags))


def _check_countries(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    before = _countries(user, {})
    after = _countries(user, values)
    if user is None or after != before:
        require_countries(actor, after)


def require_countries(actor: Actor, limit: Limit) -> None:
    """Require that the actor may give this limit by countries. Raises as `check` does."""
    if limit.mode == "only" and not limit.values:
        raise RuleBroken(_("“Only these” needs at least one country."), field="countries")
    if not client_limits.within_countries(limit, client_limits.countries_of(actor)):
        raise _shows_more("countries", limit)


def _countries(user: User | None, values: dict[str, Any]) -> Limit:
    codes = values.get("countries", user.countries if user else ())
    mode = values.get("countries_mode") or (user.countries_mode if user else "all")
    return Limit(mode, frozenset(codes))


def _shows_more(name: str, limit: Limit) -> GrantExceeded:
    """Return the error at the field of the values, or of the mode if that leaves out nobody."""
    message = _("This would show more clients than you see yourself.")
    field = f"{name}_mode" if limit.lets_all_through else name
    return GrantExceeded(message, field=field, code=SCOPE)


def _check_mask(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Require that whom a masked actor writes stays masked, by a group or by themselves.

    Nobody's own mask is taken off, because a membership may end. One whose end is known does not
    count.
    """
    if not actor.mask_data:
        return
    own = values.get("mask_data", user.mask_data if user else False)
    is_taken_off = user is not None and user.mask_data and not own
    if own or (not is_taken_off and _is_masked_by_group(user, values)):
        return
    message = _("This would show more of the clients than you see yourself.")
    field = "mask_data" if "mask_data" in values else "groups"
    raise GrantExceeded(message, field=field, code=MASK)


def _is_masked_by_group(user: User | None, values: dict[str, Any]) -> bool:
    """Return whether one of the groups masks, in which the person is without an end."""
    groups = values.get("groups", user.groups if user else ())
    masking = {group.id for group in groups if group.mask_data}
    return bool(masking - access.ending_group_ids(user) if masking and user else masking)
