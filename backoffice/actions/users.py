"""What people may do to people: block, unblock, revoke, grant again, delete, end sessions."""

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, case, delete, false, func, select

from backoffice.actions.engine import relations
from backoffice.actions.engine.action import Action, ActionContext, Ids, Rule
from backoffice.actions.people import (
    ENDS_SESSIONS,
    LAST_ADMINISTRATOR,
    MAILED_OFTEN,
    ONESELF,
    OUTRANKED,
    TELLS,
    VOIDS_LINKS,
)
from backoffice.auth import revocation, sessions
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models import personal
from backoffice.models.associations import user_groups
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.people import erasure
from backoffice.policy import grants
from backoffice.policy.rules import named, sees

MAILED = "A mail that left cannot be called back."


class UserAction(Action):
    """What every action on people has in common: whoever outranks the actor is out of reach.

    `mails_link` says that each row is mailed a link, of which nobody gets too many.
    """

    model = User
    rules: ClassVar[tuple[Rule, ...]] = (ONESELF, OUTRANKED)
    mails_link: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if cls.mails_link and MAILED_OFTEN not in cls.rules:
            cls.rules = (*cls.rules, MAILED_OFTEN)
        super().__init_subclass__(**kwargs)


class ExclusiveUserAction(UserAction):
    """An action that may take an administrator away: one at a time, and one administrator always stays."""

    rules: ClassVar[tuple[Rule, ...]] = (ONESELF, OUTRANKED, LAST_ADMINISTRATOR)
    locks = (grants.ADMINISTRATORS_LOCK,)

    def ensure(self, context: ActionContext) -> None:
        ensure_administrator(context)

    def leave_active(self, context: ActionContext, rows: Ids, status: str) -> None:
        """Whoever stops being active loses sessions and open links in the same transaction."""
        self.update(
            rows,
            status=status,
            status_before=User.status,
            status_reason=context.reason,
            status_by_id=context.actor.user_id,
            status_at=context.now,
        )
        revocation.void(rows, change="status", reason=status)


def ensure_administrator(context: ActionContext) -> None:
    """Raise RuleBroken if no administrator who can sign in is left."""
    administrators = select(User.id).where(grants.administers()).limit(1)
    themselves = administrators.where(
        User.id == context.actor.user_id
    )  # nearly always one, and the cheapest to find
    if db.session.scalar(themselves) is None and db.session.scalar(administrators) is None:
        raise RuleBroken("This would leave no administrator who can sign in.")


class Block(ExclusiveUserAction):
    name = "block"
    label = "Block"
    done = "blocked"
    danger = True
    reason_required = True
    watches = ("status", "status_reason")
    rules = (
        *ExclusiveUserAction.rules,
        Rule(
            "revoked", "{label} has no access any more.", lambda _context: User.status == "revoked"
        ),
    )
    effects = (TELLS, ENDS_SESSIONS, VOIDS_LINKS)
    inverse = "unblock"
    lasting = (
        "Ended sessions stay ended: people sign in again.",
        "Voided links stay void.",
        MAILED,
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        outbox.notify(rows, "blocked")
        self.leave_active(context, rows, "blocked")


def _before() -> ColumnElement[str]:
    """The state before a block where it is not known any more: whoever has no password never accepted."""
    return case((User.password_hash.is_(None), "invited"), else_="active")


class Unblock(UserAction):
    name = "unblock"
    permission = "users.block"
    label = "Unblock"
    done = "unblocked"
    watches = ("status", "status_reason")
    effects = (TELLS,)
    inverse = "block"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status != "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(
            rows,
            status=func.coalesce(User.status_before, _before()),
            status_before=None,
            status_reason=context.reason,
            status_by_id=context.actor.user_id,
            status_at=context.now,
        )
        outbox.notify(rows, "unblocked")


class RevokeAccess(ExclusiveUserAction):
    name = "revoke"
    label = "Revoke access"
    title = "Revoke the access of {rows}"
    done = "revoked"
    danger = True
    reason_required = True
    watches = ("status", "status_reason", "groups")
    remembers = ("groups",)
    rules = (
        *ExclusiveUserAction.rules,
        Rule(
            "invited",
            "{label} has no access yet: block instead.",
            lambda _context: User.status == "invited",
        ),
    )
    effects = (TELLS, ENDS_SESSIONS, VOIDS_LINKS)
    inverse = "regrant"
    lasting = ("Ended sessions stay ended.", MAILED)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "revoked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        outbox.notify(rows, "access_revoked")
        self.leave_active(context, rows, "revoked")
        db.session.execute(delete(user_groups).where(user_groups.c.user_id.in_(rows)))


def _groups_beyond(context: ActionContext) -> Select[int]:
    """In SQL: the people of a run that is being undone, once for each group they had that the actor may not give."""
    kept = relations.remembered(context.undo_of, "groups")
    there = select(kept.c.row_id).join(Group, Group.id == kept.c.other_id)
    return there.where(Group.id.not_in(context.grantable), kept.c.row_id.in_(context.selected))


def _had_group_beyond(context: ActionContext) -> ColumnElement[bool]:
    """Nobody comes back with a part of what they had: somebody else may give all of it."""
    return User.id.in_(_groups_beyond(context)) if context.undo_of else false()


class GrantAccessAgain(UserAction):
    name = "regrant"
    permission = "users.revoke"
    label = "Grant access again"
    sensitive = True
    title = "Grant {rows} access again"
    done = "active again"
    watches = ("status", "status_reason", "groups")
    inverse = "revoke"
    rules = (
        *UserAction.rules,
        Rule(
            "groups_beyond", "{label} was in a group that you may not give back.", _had_group_beyond
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status != "revoked"

    def foretell(self, context: ActionContext) -> list[str]:
        """Which groups keep people from coming back; nothing to those who do not see groups."""
        if not sees(context.actor, Group):
            return []
        beyond = select(named(context.actor, Group)).where(
            Group.id.in_(_groups_beyond(context).with_only_columns(Group.id))
        )
        names = db.session.scalars(beyond.order_by(Group.name, Group.id)).all()
        return [f"Not yours to give back: {', '.join(names)}."] if names else []

    def apply(self, context: ActionContext, rows: Ids) -> None:
        status = func.coalesce(User.status_before, _before()) if context.undo_of else _before()
        self.update(
            rows,
            status=status,
            status_before=None,
            status_reason=context.reason,
            status_by_id=context.actor.user_id,
            status_at=context.now,
        )
        if context.undo_of:
            relations.restore(context, rows, user_groups, "groups")


class EndSessions(UserAction):
    name = "end_sessions"
    label = "End sessions"
    title = "End the sessions of {rows}"
    done = "signed out everywhere"
    changes_rows = False
    rules = (OUTRANKED,)
    effects = (ENDS_SESSIONS,)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        live = select(Session.id).where(Session.user_id == User.id, Session.live(context.now))
        return ~live.where(Session.id != (context.actor.session_id or 0)).exists()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        sessions.end_all(rows, reason="by an administrator", keep=context.actor.session_id)


class DeleteUsers(ExclusiveUserAction):
    name = "delete"
    label = "Delete"
    done = "deleted"
    danger = True
    typed_confirmation = True
    watches = ("status",)
    effects = (ENDS_SESSIONS,)
    lasting = ("Personal data is erased for good; only the number stays in the events log.",)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.leave_active(context, rows, "deleted")
        erasure.forget(rows)
        # The version was raised by the first update.
        self.update(rows, version=User.version, **personal.emptied(User))
