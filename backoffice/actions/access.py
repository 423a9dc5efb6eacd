"""Actions on what people may do beside their groups, and until when they may do it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, func, select

from backoffice.actions import lasting
from backoffice.actions.engine.codes import Permissions
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.engine.values import End
from backoffice.actions.people import has_status
from backoffice.actions.users import UserAction
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.people import access, access_memory
from backoffice.policy import grants
from backoffice.policy.actor import Actor

PERMISSIONS = Permissions(label=_l("Permissions"))
NO_ACCESS = Rule(
    "revoked", _l("{label} has no access: grant it again first."), has_status("revoked")
)


ENDS_AT = End(
    label=_l("Ends at"),
    description=_l("Left empty, it does not end by itself."),
    required=False,
)


class ExtraPermissions(UserAction):
    """An action on extra permissions, whose undo brings back those that people had."""

    permission = "users.assign_permissions"
    event = _l("{actor} changed the extra permissions of {subject}")
    parameters: ClassVar = {"permissions": PERMISSIONS}
    reason_required = True
    rules = (*UserAction.rules, lasting.LONGER_PERMISSION)

    def needs_confirmation(self, parameters: Mapping[str, Any]) -> bool:
        return grants.is_strong(parameters["permissions"])

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)

    def number_held(self, context: ActionContext, *ends: ColumnElement[bool]) -> Any:
        """Return, in SQL, how many of the chosen permissions the person has."""
        chosen = DirectGrant.permission.in_(context.parameters["permissions"])
        held = (DirectGrant.user_id == User.id, chosen, DirectGrant.current(), *ends)
        return select(func.count()).where(*held).scalar_subquery()


class GivePermissions(ExtraPermissions):
    name = "give_permissions"
    label = _l("Give extra permissions")
    title = Counted(
        "Give {n} person the permissions {chosen}", "Give {n} people the permissions {chosen}"
    )
    done = _l("given the permissions")
    result = Counted("{n} person given the permissions.", "{n} people given the permissions.")
    danger = True
    parameters: ClassVar = {"permissions": PERMISSIONS, "ends_at": ENDS_AT}
    inverse = "take_permissions"
    rules = (*ExtraPermissions.rules, NO_ACCESS, lasting.PERMISSIONS_OVER)

    def check_gift(self, actor: Actor, parameters: Mapping[str, Any]) -> None:
        lasting.check_codes(actor, parameters["permissions"], parameters["ends_at"])

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        ends_at = context.parameters["ends_at"]
        ends_then = DirectGrant.ends_at == ends_at if ends_at else DirectGrant.ends_at.is_(None)
        number = len(context.parameters["permissions"])
        has_all: ColumnElement[bool] = self.number_held(context, ends_then) == number
        return has_all

    def apply(self, context: ActionContext, rows: Ids) -> None:
        codes = context.parameters["permissions"]
        if context.undo_of:
            access_memory.restore_extra(context.undo_of, rows, codes)
            return
        access.give(
            rows,
            codes,
            ends_at=context.parameters["ends_at"],
            reason=context.reason,
            given_by=context.actor.user_id,
        )


class TakePermissions(ExtraPermissions):
    name = "take_permissions"
    label = _l("Take away extra permissions")
    title = Counted(
        "Take the permissions {chosen} from {n} person",
        "Take the permissions {chosen} from {n} people",
    )
    done = _l("without the extra permissions")
    result = Counted(
        "{n} person without the extra permissions.", "{n} people without the extra permissions."
    )
    inverse = "give_permissions"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_none: ColumnElement[bool] = self.number_held(context) == 0
        return has_none

    def apply(self, context: ActionContext, rows: Ids) -> None:
        codes = context.parameters["permissions"]
        if context.undo_of:
            access_memory.restore_extra(context.undo_of, rows, codes)
        else:
            access.take(rows, codes)
