"""Say above lists of clients, and of what belongs to them, how much of it the reader sees."""

from collections.abc import Iterator, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext as _n
from markupsafe import Markup
from sqlalchemy import select

from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.client_limits import Limit
from backoffice.policy.rules import can, named, sees
from backoffice.text.numbers import formatted

MOST_NAMED = 5  # tags or countries; the others are counted


class OfClients:
    """What screens of clients, and of what belongs to them, have in common."""

    def above(self, actor: Actor) -> Markup | str:
        """Return the limits of the reader, above the list."""
        sentences = [*limits(actor), *self.masked(actor)]
        return Markup('<p class="muted">{}</p>').format(" ".join(sentences)) if sentences else ""

    def masked(self, actor: Actor) -> Iterator[str]:
        """Yield sentences about what of the list is masked for the reader."""
        return masks(actor)


def limits(actor: Actor) -> Iterator[str]:
    """Yield a sentence about the clients whom the actor does not see, if there are any."""
    parts = [*_by_tags(actor, client_limits.tags_of(actor)), *_by_countries(actor)]
    if parts:
        yield _("You see a part of the clients: %(limits)s.", limits="; ".join(parts))


def masks(actor: Actor) -> Iterator[str]:
    """Yield sentences about what of the clients is masked for the actor, if anything is."""
    if not actor.mask_data:
        return
    yield _("Names, e-mail addresses and phones are masked for you: they are not searched.")
    reveal = find("clients.reveal")
    if reveal and can(actor, reveal.permission):
        yield _(
            "On the page of a client, “%(action)s” shows them for some minutes.",
            action=reveal.label,
        )


def _by_tags(actor: Actor, own: Limit) -> Iterator[str]:
    if own.lets_all_through:
        return
    if not sees(actor, ClientTag):
        yield _("by their tags")
        return
    names = select(named(actor, ClientTag)).where(ClientTag.id.in_(sorted(own.values)))
    tags = _listed(db.session.scalars(names.order_by(ClientTag.name)).all())
    if own.mode == "only":
        yield _("tags %(tags)s", tags=tags)
    else:
        yield _("all tags but %(tags)s", tags=tags)


def _by_countries(actor: Actor) -> Iterator[str]:
    own = client_limits.countries_of(actor)
    if own.lets_all_through:
        return
    names = sorted(fields.label(User, "countries", code) for code in own.values)
    said = _listed(names)
    if own.mode == "only":
        yield _("countries %(countries)s", countries=said)
    else:
        yield _("all countries but %(countries)s", countries=said)


def _listed(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    first, rest = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
    if rest <= 0:
        return first or _("none")
    return _n(
        "%(names)s and %(number)s more",
        "%(names)s and %(number)s more",
        rest,
        names=first,
        number=formatted(rest),
    )
