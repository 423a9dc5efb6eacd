"""What is given ends no later than the giver's own hold on it, by actions and by their undos."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, select

from backoffice.actions.engine import relations
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.rules import Rule
from backoffice.errors import GrantExceeded
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import access_memory
from backoffice.people.access_memory import EXTRA, MEMBERSHIPS
from backoffice.policy import grants
from backoffice.policy.actor import Actor, lasts
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can
from backoffice.text import in_utc
from backoffice.transactions import is_writing


def check_codes(actor: Actor, codes: Collection[str], ends_at: datetime | None) -> None:
    """Raise GrantExceeded (field ends_at) if the actor holds one of the codes for less long."""
    for each in codes:
        held_until = grants.held_until(actor, each)
        if held_until and not lasts(held_until, ends_at):
            message = _(
                "You hold %(code)s until %(at)s: choose an end no later than that.",
                code=each,
                at=in_utc(held_until),
            )
            raise GrantExceeded(message, field="ends_at", code="users.assign_permissions")


def check_groups(actor: Actor, group_ids: Sequence[int], ends_at: datetime | None) -> None:
    """Raise GrantExceeded (field ends_at) if the actor can assign one of them for less long."""
    if not actor.ends:
        return
    until = grants.assignable_until(db.session(), actor, locked=is_writing())
    for group_id in group_ids:
        held_until = until.get(group_id)
        if held_until and not lasts(held_until, ends_at):
            message = _(
                "You can assign %(group)s until %(at)s: choose an end no later than that.",
                group=db.session.get_one(Group, group_id).name,
                at=in_utc(held_until),
            )
            raise GrantExceeded(message, field="ends_at", code="users.assign_groups")


def brings_back_for_others(context: ActionContext) -> bool:
    """Return whether it undoes what somebody else did, for an actor of whose own rights some end.

    What they did themselves they may undo: nobody has more by that than before.
    """
    if not (context.undo_of and context.actor.ends):
        return False
    return db.session.get_one(BulkRun, context.undo_of).actor_id != context.actor.user_id


def short_groups(context: ActionContext) -> dict[int, datetime]:
    """Return until when the actor can assign those groups that they can assign for a while."""
    until = grants.assignable_until(db.session(), context.actor, locked=is_writing())
    return {group_id: end for group_id, end in until.items() if end}


def short_codes(context: ActionContext) -> dict[datetime, list[str]]:
    """Return the permissions that the actor holds for a while, by the end of that."""
    by_end = defaultdict(list)
    for code in catalogue():
        if can(context.actor, code) and (end := grants.held_until(context.actor, code)):
            by_end[end].append(code)
    return by_end


def _membership_is_longer(context: ActionContext) -> ColumnElement[bool]:
    if not brings_back_for_others(context):
        return false()
    until = context.once(short_groups)
    chosen = [group_id for group_id in context.parameters["group"] if group_id in until]
    return or_(false(), *(~_ended(context, [each], until[each]) for each in chosen))


def _ended(
    context: ActionContext, group_ids: Sequence[int], moment: datetime
) -> ColumnElement[bool]:
    return access_memory.ended_by(context.undo_of, MEMBERSHIPS, group_ids, moment)


def _permission_is_longer(context: ActionContext) -> ColumnElement[bool]:
    if not brings_back_for_others(context):
        return false()
    chosen = context.parameters.get("permissions", catalogue())
    beyond = [
        access_memory.lasted_beyond(context.undo_of, EXTRA, {*chosen} & {*codes}, end)
        for end, codes in context.once(short_codes).items()
    ]
    return or_(false(), *beyond)


def _access_is_longer(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for people of whose former groups and permissions one is longer."""
    if not brings_back_for_others(context):
        return false()
    had = relations.remembered(context.undo_of, "groups")
    of_groups = [
        and_(
            User.id.in_(select(had.c.row_id).where(had.c.other_id == group_id)),
            ~_ended(context, [group_id], end),
        )
        for group_id, end in context.once(short_groups).items()
    ]
    return or_(*of_groups, _permission_is_longer(context))


def _membership_is_over(context: ActionContext) -> ColumnElement[bool]:
    if not context.undo_of:
        return false()
    return _ended(context, context.parameters["group"], context.now)


def _permissions_are_over(context: ActionContext) -> ColumnElement[bool]:
    if not context.undo_of:
        return false()
    chosen = context.parameters["permissions"]
    return ~access_memory.lasted_beyond(context.undo_of, EXTRA, chosen, context.now)


LONGER: str = _l("{label} had this for longer than you can give it: ask somebody else to undo it.")
OVER: str = _l("What {label} had has ended meanwhile, so nothing comes back.")
LONGER_MEMBERSHIP = Rule("longer", LONGER, _membership_is_longer, of_choice=True)
LONGER_PERMISSION = Rule("longer", LONGER, _permission_is_longer, of_choice=True)
LONGER_ACCESS = Rule("longer", LONGER, _access_is_longer)
MEMBERSHIP_OVER = Rule("ended", OVER, _membership_is_over, of_choice=True)
PERMISSIONS_OVER = Rule("ended", OVER, _permissions_are_over, of_choice=True)
FORMER_END_PASSED = Rule(
    "ended",
    _l("The former end of the membership of {label} has passed: remove them instead."),
    _membership_is_over,
    of_choice=True,
)
