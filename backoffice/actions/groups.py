"""The action on groups: delete them."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, literal, select

from backoffice.actions.deletion import Delete
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.people import grantable
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.people import groups
from backoffice.policy import client_limits, second_factor
from backoffice.settings import configured


def _is_beyond(context: ActionContext) -> ColumnElement[bool]:
    return Group.id.not_in(grantable(context))


def _is_own(context: ActionContext) -> ColumnElement[bool]:
    return Group.id.in_(context.actor.group_ids)


def _keeps_mask(context: ActionContext) -> ColumnElement[bool]:
    return and_(literal(context.actor.mask_data), Group.mask_data)


def _is_named_in_settings(_context: ActionContext) -> ColumnElement[bool]:
    return second_factor.is_named_in(configured())


def _count_memberships(rows: Ids) -> Select[int]:
    memberships = select(func.count()).select_from(user_groups)
    return memberships.where(user_groups.c.group_id.in_(rows), is_current())


class DeleteGroups(Delete):
    model = Group
    name = "delete"
    title = Counted("Delete {n} group", "Delete {n} groups")
    result = Counted("{n} group deleted.", "{n} groups deleted.")
    sensitive = True
    locks = (groups.GROUPS_LOCK,)
    watches = ("name", "description", "permissions")
    rules = (
        Rule(
            "locked",
            _l("{label} cannot be deleted."),
            lambda _context: Group.all_permissions.is_(True),
        ),
        Rule("own", _l("You are in {label}: nobody changes their own groups."), _is_own),
        Rule("outranked", _l("{label} is beyond what you can assign."), _is_beyond),
        Rule("masks", client_limits.STAYS_MASKED, _keeps_mask),
        Rule(
            "named",
            _l("TWO_FACTOR_GROUPS names {label}: change the setting first."),
            _is_named_in_settings,
        ),
    )
    effects = (Effect("{n} person loses the group.", "{n} memberships end.", _count_memberships),)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        groups.stop_giving(actor=context.actor, group_ids=rows)
        super().apply(context, rows)
