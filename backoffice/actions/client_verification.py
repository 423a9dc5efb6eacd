"""Actions on how clients prove who they are: second factor, confirmed address and phone."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from backoffice.actions.clients import NO_PERSON, ClientAction
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.clients import groups
from backoffice.models.client import Client

NO_EMAIL = Rule(
    "no_email", _l("{label} has no e-mail address."), lambda _context: Client.email.is_(None)
)


FACTOR_RESTORED = _l("{actor} restored the second factor of {subject}")


class EnableTwoFactor(ClientAction):
    name = "enable_2fa"
    permission = "clients.set_2fa"
    meaning = _l("Switch the two-factor authentication of clients on and off")
    danger = True
    label = _l("Enable 2FA by e-mail")
    title = Counted(
        "Ask {n} client for a code by e-mail at sign-in",
        "Ask {n} clients for a code by e-mail at sign-in",
    )
    event = _l("{actor} set the second factor of {subject}: codes by e-mail")
    done = _l("on codes by e-mail")
    result = Counted("{n} client on codes by e-mail.", "{n} clients on codes by e-mail.")
    watches = ("two_factor",)
    restores = ("two_factor",)
    rules = (
        NO_PERSON,
        NO_EMAIL,
        Rule(
            "unverified",
            _l("{label} has not confirmed an e-mail address."),
            lambda _context: Client.email_verified_at.is_(None),
        ),
        Rule(
            "has_app",
            _l("{label} has an authenticator app, which is safer: disable 2FA first."),
            lambda _context: Client.two_factor == "totp",
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.two_factor == "email"

    def event_with(self, after: Mapping[str, object]) -> str:
        return self.event if after.get("two_factor", "email") == "email" else FACTOR_RESTORED

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, two_factor="email")


class DisableTwoFactor(ClientAction):
    name = "disable_2fa"
    permission = "clients.set_2fa"
    label = _l("Disable 2FA")
    title = Counted(
        "Disable the second factor of {n} client", "Disable the second factor of {n} clients"
    )
    event = _l("{actor} disabled the second factor of {subject}")
    done = _l("without a second factor")
    result = Counted("{n} client without a second factor.", "{n} clients without a second factor.")
    danger = True
    sensitive = True
    reason_required = True
    watches = ("two_factor",)
    restores = ("two_factor",)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.two_factor == "disabled"

    def event_with(self, after: Mapping[str, object]) -> str:
        return self.event if after.get("two_factor", "disabled") == "disabled" else FACTOR_RESTORED

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, two_factor="disabled")


class MarkEmailVerified(ClientAction):
    name = "verify_email"
    permission = "clients.verify"
    meaning = _l("Mark e-mail addresses and phones of clients as verified")
    label = _l("Mark e-mail as verified")
    title = Counted(
        "Mark the e-mail address of {n} client as verified",
        "Mark the e-mail addresses of {n} clients as verified",
    )
    event = _l("{actor} marked the e-mail address of {subject} as verified")
    done = _l("with a verified address")
    result = Counted("{n} client with a verified address.", "{n} clients with a verified address.")
    watches = ("email_verified_at", "client_group")
    restores = ("email_verified_at", "client_group")
    rules = (NO_EMAIL,)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.email_verified_at.is_not(None)

    def event_with(self, after: Mapping[str, object]) -> str:
        if after.get("email_verified_at", True):
            return self.event
        return _l("{actor} marked the e-mail address of {subject} as not verified")

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, email_verified_at=context.now, client_group=groups.after_email())


class MarkPhoneVerified(ClientAction):
    name = "verify_phone"
    permission = "clients.verify"
    label = _l("Mark phone as verified")
    title = Counted(
        "Mark the phone of {n} client as verified", "Mark the phones of {n} clients as verified"
    )
    event = _l("{actor} marked the phone of {subject} as verified")
    done = _l("with a verified phone")
    result = Counted("{n} client with a verified phone.", "{n} clients with a verified phone.")
    watches = ("phone_verified_at", "client_group")
    restores = ("phone_verified_at", "client_group")
    rules = (Rule("no_phone", _l("{label} has no phone."), lambda _context: Client.phone == ""),)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.phone_verified_at.is_not(None)

    def event_with(self, after: Mapping[str, object]) -> str:
        if after.get("phone_verified_at", True):
            return self.event
        return _l("{actor} marked the phone of {subject} as not verified")

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, phone_verified_at=context.now, client_group=groups.after_phone())
