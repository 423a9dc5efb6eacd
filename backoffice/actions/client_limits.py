"""Actions on what decides who sees a client: tags and country."""

from dataclasses import replace
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import ColumnElement, exists, func, select, true

from backoffice.actions.clients import CONTACT, ClientAction
from backoffice.actions.engine.attaching import Attach, Detach
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.engine.values import Value
from backoffice.actions.memberships import CLIENT_TAGS
from backoffice.extensions import db
from backoffice.models.associations import client_client_tags
from backoffice.models.client import Client
from backoffice.models.client_tag import ClientTag
from backoffice.policy.actor import Actor
from backoffice.text.numbers import formatted


def _leaving(rows: Ids, leaves: ColumnElement[bool]) -> list[str]:
    """Return what to say of those of `rows` whom the actor will not see any more."""
    number = db.session.scalar(select(func.count()).where(Client.id.in_(rows), leaves)) or 0
    if not number:
        return []
    sentence = _n(
        "%(number)s of them leaves your sight: you will not see this client any more.",
        "%(number)s of them leave your sight: you will not see these clients any more.",
        number,
        number=formatted(number),
    )
    undo = _n(
        "Only somebody who still sees this client can undo it.",
        "Only somebody who still sees these clients can undo it for them.",
        number,
    )
    return [sentence, undo]


def _tags_of(clients: Ids) -> ColumnElement[bool]:
    tag = client_client_tags.c
    return ClientTag.id.in_(select(tag.client_tag_id).where(tag.client_id.in_(clients)))


class _ByRule:
    """What CONTACT refuses needs no question about each row."""

    rules: ClassVar[tuple[Rule, ...]] = (CONTACT,)

    def judges_each_row(self) -> bool:
        return False


class AddTags(_ByRule, Attach):
    model = Client
    name = "add_tags"
    permission = "clients.edit"
    relation = "tags"
    label = _l("Add tags")
    title = Counted("Give {n} client the tags {chosen}", "Give {n} clients the tags {chosen}")
    event = _l("{actor} added {added} to the tags of {subject}")
    done = _l("given the tags")
    result = Counted("{n} client given the tags {chosen}.", "{n} clients given the tags {chosen}.")
    parameters: ClassVar = {"tags": CLIENT_TAGS}
    watches = ("tags",)
    undo_relations = ("tags",)
    inverse = "remove_tags"


class RemoveTags(_ByRule, Detach):
    model = Client
    name = "remove_tags"
    permission = "clients.edit"
    relation = "tags"
    label = _l("Remove tags")
    title = Counted(
        "Take the tags {chosen} from {n} client", "Take the tags {chosen} from {n} clients"
    )
    event = _l("{actor} removed {removed} from the tags of {subject}")
    done = _l("without the tags")
    result = Counted(
        "{n} client without the tags {chosen}.", "{n} clients without the tags {chosen}."
    )
    parameters: ClassVar = {"tags": replace(CLIENT_TAGS, held_by=_tags_of)}
    watches = ("tags",)
    undo_relations = ("tags",)
    inverse = "add_tags"

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        if context.actor.client_tags_mode != "only":
            return []
        kept = context.actor.client_tag_ids.difference(self.others(context))
        tag = client_client_tags.c
        stays = exists().where(tag.client_id == Client.id, tag.client_tag_id.in_(sorted(kept)))
        return _leaving(rows, ~stays)


class SetCountry(ClientAction):
    name = "set_country"
    permission = "clients.edit"
    label = _l("Set country")
    title = Counted(
        "Set the country of {n} client: {chosen}", "Set the country of {n} clients: {chosen}"
    )
    event = _l("{actor} set the country of {subject}")
    done = _l("in this country")
    result = Counted(
        "{n} client given the country {chosen}.", "{n} clients given the country {chosen}."
    )
    parameters: ClassVar = {"country": Value(Client.country, label=_l("Country"), required=True)}
    watches = ("country",)
    restores = ("country",)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.country.is_not_distinct_from(context.parameters["country"])

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        is_seen = _sees_country(context.actor, context.parameters["country"])
        return [] if context.undo_of or is_seen else _leaving(rows, true())

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, country=context.parameters["country"])


def _sees_country(actor: Actor, country: str) -> bool:
    """Tell whether the actor sees clients of the country, as far as that depends on it."""
    if actor.countries_mode == "all":
        return True
    return (country in actor.countries) == (actor.countries_mode == "only")
