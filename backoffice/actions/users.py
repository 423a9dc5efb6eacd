"""Actions on people: block, unblock, revoke access, grant it again, end sessions, delete."""

from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, case, delete, false, func, or_, select

from backoffice.actions import lasting
from backoffice.actions.engine import relations
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import NUMBER, Counted, Rule
from backoffice.actions.people import (
    ENDS_SESSIONS,
    LAST_ADMINISTRATOR,
    MAILED_OFTEN,
    ONESELF,
    OUTRANKED,
    SENDS_NOTICES,
    VOIDS_LINKS,
    foretold,
    grantable,
    has_status,
)
from backoffice.auth import revocation, sessions
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models import mails, personal
from backoffice.models.associations import user_groups
from backoffice.models.group import Group
from backoffice.models.row_keys import RowKey
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.people import access, access_memory, erasure
from backoffice.people.forecast import Change
from backoffice.policy import grants
from backoffice.policy.rules import named, sees
from backoffice.text import N_

LINKS_STAY_VOID: str = _l("Voided links stay void.")
MAILED = _l("A mail that left cannot be called back.")


class UserAction(Action):
    """An action on people; it refuses people in groups that the actor cannot assign.

    `mails_link` says that the action mails each person a link. Such an action also refuses people
    who were mailed several links lately.
    """

    model = User
    rules: ClassVar[tuple[Rule, ...]] = (ONESELF, OUTRANKED)
    mails_link: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        if cls.mails_link and MAILED_OFTEN not in cls.rules:
            cls.rules = (*cls.rules, MAILED_OFTEN)
        super().__init_subclass__(**kwargs)

    def set_status(
        self, context: ActionContext, rows: Ids, status: object, *, before: object = None
    ) -> None:
        """Set the status of `rows`, a value or an SQL expression, with who did it, when and why.

        `before` is the status that they can be given back.
        """
        self.update(
            rows,
            status=status,
            status_before=before,
            status_reason=context.reason,
            status_by_id=context.actor.user_id,
            status_at=context.now,
        )


class ExclusiveUserAction(UserAction):
    """An action that may remove an administrator, and takes a lock that excludes all others.

    So such actions run one at a time, and at least one administrator always stays.
    """

    rules: ClassVar[tuple[Rule, ...]] = (ONESELF, OUTRANKED, LAST_ADMINISTRATOR)
    locks = (grants.ADMINISTRATORS_LOCK,)

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        return foretold(context, Change(blocked=rows))

    def ensure(self, context: ActionContext) -> None:
        ensure_administrator(context)

    def leave_active(self, context: ActionContext, rows: Ids, status: str) -> None:
        """Set the new status, end the sessions and void the open links of `rows`."""
        self.set_status(context, rows, status, before=User.status)
        revocation.void(rows, change="status", reason=status)


def ensure_administrator(context: ActionContext) -> None:
    """Raise RuleBroken if no administrator who can sign in is left."""
    administrators = select(User.id).where(grants.administers()).limit(1)
    # The actor is nearly always an administrator, and is the cheapest one to find.
    actor = administrators.where(User.id == context.actor.user_id)
    if db.session.scalar(actor) is None and db.session.scalar(administrators) is None:
        raise RuleBroken(_("This would leave no administrator who can sign in."))


class Block(ExclusiveUserAction):
    name = "block"
    label = _l("Block")
    title = Counted("Block {n} person", "Block {n} people")
    event = _l("{actor} blocked {subject}")
    done = _l("blocked")
    result = Counted("{n} person blocked.", "{n} people blocked.")
    danger = True
    reason_required = True
    watches = ("status", "status_reason")
    rules = (
        *ExclusiveUserAction.rules,
        Rule("revoked", _l("{label} has no access any more."), has_status("revoked")),
    )
    effects = (SENDS_NOTICES, ENDS_SESSIONS, VOIDS_LINKS)
    inverse = "unblock"
    irreversible = (
        _l("Ended sessions stay ended: people sign in again."),
        LINKS_STAY_VOID,
        MAILED,
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        outbox.notify(rows, mails.BLOCKED)
        self.leave_active(context, rows, "blocked")


def _probable_status() -> ColumnElement[str]:
    """Return the status, in SQL, that people had before they lost access, where it is not stored.

    People without a password never accepted their invitation.
    """
    return case((User.password_hash.is_(None), "invited"), else_="active")


class Unblock(UserAction):
    name = "unblock"
    permission = "users.block"
    label = _l("Unblock")
    title = Counted("Unblock {n} person", "Unblock {n} people")
    event = _l("{actor} unblocked {subject}")
    done = _l("unblocked")
    result = Counted("{n} person unblocked.", "{n} people unblocked.")
    watches = ("status", "status_reason")
    effects = (SENDS_NOTICES,)
    inverse = "block"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status != "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        status = func.coalesce(User.status_before, _probable_status())
        self.set_status(context, rows, status)
        outbox.notify(rows, mails.UNBLOCKED)


class RevokeAccess(ExclusiveUserAction):
    name = "revoke"
    label = _l("Revoke access")
    title = Counted("Revoke the access of {n} person", "Revoke the access of {n} people")
    event = _l("{actor} revoked the access of {subject}")
    done = _l("revoked")
    result = Counted("{n} person revoked.", "{n} people revoked.")
    danger = True
    reason_required = True
    watches = ("status", "status_reason", "groups")
    undo_relations = ("groups",)
    rules = (
        *ExclusiveUserAction.rules,
        Rule(
            "invited",
            _l("{label} has no access yet: block instead."),
            has_status("invited"),
        ),
    )
    effects = (SENDS_NOTICES, ENDS_SESSIONS, VOIDS_LINKS)
    inverse = "regrant"
    irreversible = (_l("Ended sessions stay ended."), LINKS_STAY_VOID, MAILED)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "revoked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        outbox.notify(rows, mails.ACCESS_REVOKED)
        self.leave_active(context, rows, "revoked")
        db.session.execute(delete(user_groups).where(user_groups.c.user_id.in_(rows)))
        access.take(rows)

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)


def _groups_beyond(context: ActionContext) -> Select[int]:
    """Select the people of the run being undone who had groups that the actor cannot assign.

    There is one row for each such group.
    """
    kept = relations.remembered(context.undo_of, "groups")
    user_ids = select(kept.c.row_id).join(Group, Group.id == kept.c.other_id)
    return user_ids.where(
        Group.id.not_in(grantable(context)),
        kept.c.row_id.in_(context.selected),
    )


def _had_access_beyond(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for people who had what the actor may not give.

    They are refused as a whole, not given a part of their groups: another actor may give them all.
    """
    if not context.undo_of:
        return false()
    return or_(User.id.in_(_groups_beyond(context)), _had_codes_beyond(context))


def _had_codes_beyond(context: ActionContext) -> ColumnElement[bool]:
    if context.actor.all_permissions:
        return false()
    return access_memory.had_beyond(context.undo_of, context.actor.permissions)


class GrantAccessAgain(UserAction):
    name = "regrant"
    permission = "users.revoke"
    label = _l("Grant access again")
    sensitive = True
    title = Counted("Grant {n} person access again", "Grant {n} people access again")
    event = _l("{actor} granted {subject} access again")
    done = _l("active again")
    result = Counted("{n} person active again.", "{n} people active again.")
    watches = ("status", "status_reason", "groups")
    inverse = "revoke"
    rules = (
        *UserAction.rules,
        Rule(
            "groups_beyond",
            _l("{label} had a group or a permission that you cannot assign."),
            _had_access_beyond,
        ),
        lasting.LONGER_ACCESS,
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status != "revoked"

    def preview_notes(self, context: ActionContext) -> list[str]:
        """Return a sentence that names the groups that the actor cannot assign back.

        It is left out for actors who do not see groups.
        """
        if not sees(context.actor, Group):
            return []
        group_ids = _groups_beyond(context).with_only_columns(Group.id)
        beyond = select(named(context.actor, Group)).where(Group.id.in_(group_ids))
        names = db.session.scalars(beyond.order_by(Group.name, Group.id)).all()
        if not names:
            return []
        return [_("Not yours to give back: %(names)s.", names=", ".join(names))]

    def apply(self, context: ActionContext, rows: Ids) -> None:
        status = _probable_status()
        if context.undo_of:
            status = func.coalesce(User.status_before, status)
        self.set_status(context, rows, status)
        if context.undo_of:
            relations.restore(context, rows, User, "groups")
            kept = select(Group.id)
            access_memory.restore_memberships(context.undo_of, rows, db.session.scalars(kept).all())
            access_memory.restore_extra(context.undo_of, rows)

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)


class EndSessions(UserAction):
    name = "end_sessions"
    label = _l("End sessions")
    title = Counted("End the sessions of {n} person", "End the sessions of {n} people")
    event = Counted(
        "{actor} ended {n} session of {subject}", "{actor} ended {n} sessions of {subject}"
    )
    done = _l("signed out everywhere")
    result = Counted("{n} person signed out everywhere.", "{n} people signed out everywhere.")
    changes_rows = False
    rules = (OUTRANKED,)
    effects = (ENDS_SESSIONS,)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        own_session_id = context.actor.session_id or 0  # no session has the id 0
        live = select(Session.id).where(Session.user_id == User.id, Session.live(context.now))
        return ~live.where(Session.id != own_session_id).exists()

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        by_user = sessions.count_live_by_user(rows)
        return {user_id: {NUMBER: number} for user_id, number in by_user.items()}

    def apply(self, context: ActionContext, rows: Ids) -> None:
        sessions.end_all(rows, reason=N_("by an administrator"), keep=context.actor.session_id)


class DeleteUsers(ExclusiveUserAction):
    name = "delete"
    label = _l("Delete")
    title = Counted("Delete {n} person", "Delete {n} people")
    event = _l("{actor} deleted {subject}")
    done = _l("deleted")
    result = Counted("{n} person deleted.", "{n} people deleted.")
    danger = True
    typed_confirmation = True
    watches = ("status",)
    effects = (ENDS_SESSIONS, VOIDS_LINKS)
    irreversible = (
        _l("Personal data is erased for good; only the number stays in the events log."),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.leave_active(context, rows, "deleted")
        erasure.forget(rows)
        # The version was raised by the first update.
        self.update(rows, version=User.version, **personal.emptied(User))
