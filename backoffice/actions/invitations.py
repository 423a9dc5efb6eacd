"""Actions on invitations: send them again, revoke them, or mail people how to sign in."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.people import BY_LOGIN, ONESELF, OUTRANKED, VOIDS_LINKS, has_status
from backoffice.actions.users import ExclusiveUserAction, UserAction
from backoffice.auth import links
from backoffice.models.user import User
from backoffice.people import invitations
from backoffice.settings import configured


def _has_unexpected_status(context: ActionContext) -> ColumnElement[bool]:
    # An undo invites those again whose invitation was revoked.
    expected = "revoked" if context.undo_of else "invited"
    return User.status != expected


def _inviter(context: ActionContext) -> str:
    return context.actor.name or context.actor.label


class ResendInvitation(UserAction):
    name = "resend_invitation"
    permission = "invitations.resend"
    meaning = _l("Send invitations again")
    label = _l("Resend invitation")
    title = Counted("Send {n} person a new invitation", "Send {n} people a new invitation")
    event = _l("{actor} sent {subject} a new invitation")
    done = _l("invited anew")
    result = Counted("{n} person invited anew.", "{n} people invited anew.")
    mails_link = True
    watches = ("status",)
    rules = (
        OUTRANKED,
        BY_LOGIN,
        Rule(
            "not_invited", _l("{label} is not waiting for an invitation."), _has_unexpected_status
        ),
    )
    effects = (VOIDS_LINKS,)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            self.set_status(context, rows, "invited")
        invitations.send(rows, inviter=_inviter(context), settings=configured())


class RevokeInvitation(ExclusiveUserAction):
    name = "revoke_invitation"
    permission = "invitations.revoke"
    meaning = _l("Withdraw invitations that were not accepted")
    label = _l("Revoke invitation")
    title = Counted("Revoke the invitation of {n} person", "Revoke the invitation of {n} people")
    event = _l("{actor} revoked the invitation of {subject}")
    done = _l("no longer invited")
    result = Counted("{n} person no longer invited.", "{n} people no longer invited.")
    watches = ("status",)
    rules = (
        ONESELF,
        OUTRANKED,
        Rule(
            "accepted",
            _l("{label} is not waiting for an invitation: revoke the access instead."),
            has_status("active", "blocked"),
        ),
    )
    effects = (VOIDS_LINKS,)
    inverse = "resend_invitation"
    irreversible = (_l("The old link stays void: undo sends a new one."),)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.status == "revoked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.leave_active(context, rows, "revoked")


class SendToEmail(UserAction):
    """Mail invited people their invitation, and active people a link to set a password.

    A password itself is never mailed.
    """

    name = "send_to_email"
    permission = "users.reset_password"
    meaning = _l("Send people links to set a password, and hand over temporary ones")
    label = _l("Send to email")
    title = Counted("Mail {n} person how to sign in", "Mail {n} people how to sign in")
    event = _l("{actor} mailed {subject} how to sign in")
    done = _l("written to")
    result = Counted("{n} person written to.", "{n} people written to.")
    mails_link = True
    rules = (
        OUTRANKED,
        BY_LOGIN,
        Rule("no_access", _l("{label} has no access."), has_status("blocked", "revoked")),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        people = select(User.id).where(User.id.in_(rows))
        invited = people.where(User.status == "invited")
        active = people.where(User.status == "active")
        invitations.send(invited, inviter=_inviter(context), settings=configured())
        links.send(links.PASSWORD, active, configured())
