"""Actions on people's second factor: reset it to e-mail, disable it, or have it set up again."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.people import (
    BY_LOGIN,
    ENDS_SESSIONS,
    NOT_ACTIVE,
    ONESELF,
    OUTRANKED,
    SENDS_NOTICES,
    foretold,
)
from backoffice.actions.users import UserAction
from backoffice.auth import links, recovery_codes, revocation, totp
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.user import User
from backoffice.people.forecast import Change
from backoffice.policy import second_factor
from backoffice.settings import configured
from backoffice.text import N_

UNVERIFIED = Rule(
    "unverified",
    _l("{label} has not confirmed an e-mail address."),
    lambda _context: User.email_verified_at.is_(None),
)
REQUIRED = Rule(
    "required",
    _l("{label} is in a group that needs a second factor."),
    lambda _context: second_factor.required(configured()),
)


class TwoFactorAction(UserAction):
    """An action that resets a second factor, ends the sessions and tells the person."""

    permission = "users.reset_2fa"
    sensitive = True
    watches = ("two_factor",)
    effects: ClassVar[tuple[Effect, ...]] = (SENDS_NOTICES, ENDS_SESSIONS)
    rules: ClassVar[tuple[Rule, ...]] = (ONESELF, OUTRANKED, BY_LOGIN)
    becomes: ClassVar[str] = ""  # the factor that people have afterwards

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        return foretold(context, Change(two_factor=(rows, self.becomes))) if self.becomes else []

    def replace(self, rows: Ids, two_factor: str, notice: str) -> None:
        """Replace the second factor by `two_factor`, and mail people the text `notice`."""
        self.update(rows, two_factor=two_factor)
        totp.delete_of(rows)
        recovery_codes.delete_of(rows)
        revocation.void(rows, change="factor", reason=N_("2FA reset"))
        verified = select(User.id, User.email).where(
            User.id.in_(rows), User.email_verified_at.is_not(None)
        )
        outgoing = [
            OutgoingMail(
                purpose=mails.TWO_FACTOR_CHANGED,
                address=email or "",
                user_id=user_id,
                values={"what": notice},
            )
            for user_id, email in db.session.execute(verified)
        ]
        outbox.queue(outgoing, configured())


class ResetTwoFactorToEmail(TwoFactorAction):
    name = "reset_2fa_to_email"
    meaning = _l("Reset, disable and re-enrol people's second factor")
    danger = True
    label = _l("Reset 2FA to email")
    title = Counted(
        "Reset the second factor of {n} person to e-mail",
        "Reset the second factor of {n} people to e-mail",
    )
    event = _l("{actor} reset the second factor of {subject} to email")
    done = _l("on codes by e-mail")
    becomes = "email"
    result = Counted("{n} person on codes by e-mail.", "{n} people on codes by e-mail.")
    rules = (*TwoFactorAction.rules, UNVERIFIED)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.two_factor == "email"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        notice = N_("An administrator reset your second factor: we mail you a code at sign-in.")
        self.replace(rows, "email", notice)


class DisableTwoFactor(TwoFactorAction):
    name = "disable_2fa"
    label = _l("Disable 2FA")
    title = Counted(
        "Disable the second factor of {n} person", "Disable the second factor of {n} people"
    )
    event = _l("{actor} disabled the second factor of {subject}")
    done = _l("without a second factor")
    becomes = "disabled"
    result = Counted("{n} person without a second factor.", "{n} people without a second factor.")
    danger = True
    reason_required = True
    rules = (ONESELF, OUTRANKED, REQUIRED)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.two_factor == "disabled"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        notice = N_("An administrator switched off your second factor.")
        self.replace(rows, "disabled", notice)


class ReEnrolTwoFactor(TwoFactorAction):
    """Mail people a link to set up a new app; the old factor works until they confirm it."""

    name = "re_enrol_2fa"
    label = _l("Re-enrol 2FA")
    title = Counted(
        "Send {n} person a link to set up a new authenticator app",
        "Send {n} people a link to set up a new authenticator app",
    )
    event = _l("{actor} sent {subject} a link to set up a new second factor")
    done = _l("sent a link")
    result = Counted("{n} person sent a link.", "{n} people sent a link.")
    mails_link = True
    rules = (*TwoFactorAction.rules, NOT_ACTIVE)
    effects = ()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        links.send(links.ENROLMENT, rows, configured())
