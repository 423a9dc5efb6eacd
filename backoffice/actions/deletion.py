"""The action Delete of every entity; groups and client tags have rules of their own."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, delete, func, not_, select

from backoffice.actions.engine.action import Action, ActionContext, Counted, Effect, Ids, Rule, find
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.associations import user_client_tags, user_groups
from backoffice.models.base import Entity, records
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.people.groups import GROUPS_LOCK
from backoffice.policy import grants, second_factor
from backoffice.policy.permissions import area_of, verbs_of
from backoffice.settings import configured


class Delete(Action):
    """Delete rows for good; their events stay."""

    label = _l("Delete")
    done = _l("deleted")
    danger = True
    typed_confirmation = True
    changes_rows = False
    irreversible = (_l("Deleted rows do not come back; the events log keeps what they said."),)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        db.session.execute(delete(self.model).where(self.model.id.in_(rows)))


def _is_beyond(context: ActionContext) -> ColumnElement[bool]:
    return Group.id.not_in(context.grantable)


def _is_own(context: ActionContext) -> ColumnElement[bool]:
    return Group.id.in_(context.actor.group_ids)


def _is_named_in_settings(_context: ActionContext) -> ColumnElement[bool]:
    return second_factor.is_named_in(configured())


def _is_beyond_own_tags(context: ActionContext) -> ColumnElement[bool]:
    return not_(grants.allowed_client_tags(context.actor))


def _count_memberships(rows: Ids) -> Select[int]:
    memberships = select(func.count()).select_from(user_groups)
    return memberships.where(user_groups.c.group_id.in_(rows))


def _count_tagged_people(rows: Ids) -> Select[int]:
    people = select(func.count(user_client_tags.c.user_id.distinct()))
    return people.where(user_client_tags.c.client_tag_id.in_(rows))


class DeleteGroups(Delete):
    model = Group
    name = "delete"
    title = Counted("Delete {n} group", "Delete {n} groups")
    result = Counted("{n} group deleted.", "{n} groups deleted.")
    sensitive = True
    locks = (GROUPS_LOCK,)
    watches = ("name", "description", "permissions")
    rules = (
        Rule(
            "locked",
            _l("{label} cannot be deleted."),
            lambda _context: Group.all_permissions.is_(True),
        ),
        Rule("own", _l("You are in {label}: nobody changes their own groups."), _is_own),
        Rule("outranked", _l("{label} is beyond what you may give."), _is_beyond),
        Rule(
            "named",
            _l("TWO_FACTOR_GROUPS names {label}: change the setting first."),
            _is_named_in_settings,
        ),
    )
    effects = (Effect("{n} person loses the group.", "{n} memberships end.", _count_memberships),)


class DeleteClientTags(Delete):
    """Delete client tags, except those that the actor is not allowed to see.

    Otherwise, actors could delete a tag to see the clients that have it.
    """

    model = ClientTag
    name = "delete"
    title = Counted("Delete {n} client tag", "Delete {n} client tags")
    result = Counted("{n} client tag deleted.", "{n} client tags deleted.")
    sensitive = True
    watches = ("name", "colour")
    rules = (Rule("beyond", _l("{label} is beyond what you may give."), _is_beyond_own_tags),)
    effects = (Effect("{n} person loses the tag.", "{n} people lose a tag.", _count_tagged_people),)


def declare_missing() -> None:
    """Declare Delete for every entity that may be deleted and does not have it yet."""
    for model in records():
        deletable = issubclass(model, Entity) and "delete" in verbs_of(model)
        if deletable and find(f"{area_of(model)}.delete") is None:
            attributes = {"model": model, "name": "delete", "watches": fields.visible(model)}
            type(f"Delete{model.__name__}", (Delete,), attributes)  # registers itself
