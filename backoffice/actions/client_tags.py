"""The action on client tags: delete them."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, not_, select

from backoffice.actions.deletion import Delete
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.models.associations import user_client_tags
from backoffice.models.client_tag import ClientTag
from backoffice.policy import client_limits, grants


def _is_beyond_own_tags(context: ActionContext) -> ColumnElement[bool]:
    return not_(grants.allowed_client_tags(context.actor))


def _shows_more(context: ActionContext) -> ColumnElement[bool]:
    return client_limits.shown_without(context.actor, ClientTag.id)


def _count_tagged_people(rows: Ids) -> Select[int]:
    people = select(func.count(user_client_tags.c.user_id.distinct()))
    return people.where(user_client_tags.c.client_tag_id.in_(rows))


class DeleteClientTags(Delete):
    """Delete client tags, except those that the actor is not allowed to see.

    Otherwise, actors could delete a tag to see the clients that have it, or to show others clients
    whom they do not see themselves.
    """

    model = ClientTag
    name = "delete"
    title = Counted("Delete {n} client tag", "Delete {n} client tags")
    result = Counted("{n} client tag deleted.", "{n} client tags deleted.")
    sensitive = True
    watches = ("name", "colour")
    rules = (
        Rule("beyond", _l("{label} is beyond what you can assign."), _is_beyond_own_tags),
        Rule(
            "shows_more",
            _l("Without {label}, somebody would see clients whom you do not see yourself."),
            _shows_more,
        ),
    )
    effects = (Effect("{n} person loses the tag.", "{n} people lose a tag.", _count_tagged_people),)
