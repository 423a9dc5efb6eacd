"""Invitations of many people at once: sent again and withdrawn; and how to sign in, mailed to those who forgot."""

from sqlalchemy import ColumnElement, select

from backoffice.actions.engine.action import ActionContext, Ids, Rule
from backoffice.actions.people import BY_LOGIN, ONESELF, OUTRANKED, VOIDS_LINKS
from backoffice.actions.users import ExclusiveUserAction, UserAction
from backoffice.auth import links
from backoffice.extensions import configured
from backoffice.models.user import User
from backoffice.people import invitations


def _waits_not(context: ActionContext) -> ColumnElement[bool]:
    """Undoing a withdrawal finds people who were invited before it."""
    return User.status != ("revoked" if context.undo_of else "invited")


class ResendInvitation(UserAction):
    name = "resend_invitation"
    permission = "invitations.resend"
    meaning = "Send invitations again"
    label = "Resend invitation"
    title = "Send {rows} a new invitation"
    done = "invited anew"
    mails_link = True
    watches = ("status",)
    rules = (
        OUTRANKED,
        BY_LOGIN,
        Rule("not_invited", "{label} is not waiting for an invitation.", _waits_not),
    )
    effects = (VOIDS_LINKS,)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            self.update(
                rows,
                status="invited",
                status_before=None,
                status_reason=context.reason,
                status_by_id=context.actor.user_id,
                status_at=context.now,
            )
        invitations.send(
            rows, inviter=context.actor.name or context.actor.label, settings=configured()
        )


class RevokeInvitation(ExclusiveUserAction):
    name = "revoke_invitation"
    permission = "invitations.revoke"
    meaning = "Withdraw invitations that were not accepted"
    label = "Revoke invitation"
    title = "Revoke the invitation of {rows}"
    done = "no longer invited"
    watches = ("status",)
    rules = (
        ONESELF,
        OUTRANKED,
        Rule("accepted", "{label} is not waiting for an invitation: revoke the access instead.",
             lambda _context: User.status.in_(("active", "blocked"))),
    )  # fmt: skip
    effects = (VOIDS_LINKS,)
    inverse = "resend_invitation"
    lasting = ("The old link stays void: undo sends a new one.",)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "revoked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.leave_active(context, rows, "revoked")


class SendToEmail(UserAction):
    """Whoever is invited gets the invitation, whoever is active a link to set a password: never a password."""

    name = "send_to_email"
    permission = "users.reset_password"
    meaning = "Send people links to set a password, and hand over temporary ones"
    label = "Send to email"
    title = "Mail {rows} how to sign in"
    done = "written to"
    mails_link = True
    rules = (
        OUTRANKED,
        BY_LOGIN,
        Rule(
            "no_access",
            "{label} has no access.",
            lambda _context: User.status.in_(("blocked", "revoked")),
        ),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        status = select(User.id).where(User.id.in_(rows))
        invited, active = (
            status.where(User.status == "invited"),
            status.where(User.status == "active"),
        )
        invitations.send(
            invited, inviter=context.actor.name or context.actor.label, settings=configured()
        )
        links.send(links.PASSWORD, active, configured(), mail="password_link")
