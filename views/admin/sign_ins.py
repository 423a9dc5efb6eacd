"""The screen of sign-ins: every try, whether it worked and why not.

Nobody can write here, and what was typed is never shown.
"""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.fields import heading
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.text import N_, translated
from backoffice.text.devices import device_name
from views.screen import Screen, cells
from views.web.times import ago

REASONS = {
    "password": N_("Wrong password, or no such account"),
    "code": N_("Wrong code"),
    "throttled": N_("Too many failed tries"),
    "under way": N_("Being checked, or broken off"),
    "changed meanwhile": N_("The account was changed at that moment"),
    "invited": N_("Invitation not accepted yet"),
    "blocked": N_("The account is blocked"),
    "revoked": N_("Access was revoked"),
    "deleted": N_("The account is deleted"),
    "login method": N_("May not sign in here, only in the app"),
    "password expired": N_("The temporary password has expired"),
    "address": N_("Not from this address"),
    "node blocked": N_("Their service provider is blocked"),
    "second factor asked for": N_("Second factor asked for"),
    "confirmation": N_("Confirmation"),
    "current password": N_("Current password"),
    "enrolment": N_("Enrolment"),
    "enrolment link": N_("Enrolment link"),
    "password link asked for": N_("Password link asked for"),
    "e-mail change asked for": N_("E-mail change asked for"),
    "invitation asked for": N_("Invitation asked for"),
}


def reason_of(reason: str) -> str:
    """Return why a try failed, or what it was for, in words."""
    return translated(REASONS.get(reason) or heading(reason))


def _at(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return page.link(row.id, ago(row.at))


class SignIns(Screen):
    model = SignInAttempt
    path = "sign-ins"
    category = _l("System")
    menu_icon_value = "door-open"
    menu_order = 30
    column_list = ("id", "at", "user", "factor", "result", "reason", "ip", "device")
    column_default_list = ("at", "user", "factor", "result", "reason", "ip", "device")
    column_title_list = ("device",)
    column_found_list = ("user", "ip", "result", "at")
    column_filters = ("signed_in", "result", "factor", "user", "at", "ip")
    column_export_list = column_list
    column_details_list = column_list
    column_labels: ClassVar = {
        "at": _l("When"),
        "user": _l("Person"),
        "factor": _l("Method"),
        "ip": _l("IP address"),
    }
    column_formatters: ClassVar = {"at": _at}
    column_value_labels: ClassVar = {"reason": reason_of, "device": device_name}

    def badges(self, row: SignInAttempt) -> list[Markup]:
        return [cells.choice(SignInAttempt, "result", row.result)]
