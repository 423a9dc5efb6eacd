"""The screen of sign-ins: every try, whether it worked and why not.

Nobody can write here, and what was typed is never shown.
"""

from typing import Any, ClassVar

from markupsafe import Markup

from backoffice.models.fields import heading
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.text.devices import device_name
from views.screen import Screen, cells
from views.web.times import ago

REASONS = {
    "password": "Wrong password, or no such account",
    "code": "Wrong code",
    "throttled": "Too many failed tries",
    "under way": "Being checked, or broken off",
    "changed meanwhile": "The account was changed at that moment",
    "invited": "Invitation not accepted yet",
    "blocked": "The account is blocked",
    "revoked": "Access was revoked",
    "deleted": "The account is deleted",
    "login method": "May not sign in here, only in the app",
    "password expired": "The temporary password has expired",
    "address": "Not from this address",
}


def reason_of(reason: str) -> str:
    """Return why a try failed, or what it was for, in words."""
    return REASONS.get(reason) or heading(reason)


def _at(row: Any, page: cells.CellContext) -> Markup:
    return page.link(row.id, ago(row.at))


class SignIns(Screen):
    model = SignInAttempt
    path = "sign-ins"
    category = "System"
    menu_icon_value = "door-open"
    menu_order = 30
    column_list = ("id", "at", "user", "factor", "result", "reason", "ip", "device")
    column_default_list = ("at", "user", "factor", "result", "reason", "ip", "device")
    column_filters = ("signed_in", "result", "factor", "user", "at", "ip")
    column_export_list = column_list
    column_details_list = column_list
    column_labels: ClassVar = {"at": "When", "user": "Person", "factor": "With", "ip": "Address"}
    column_formatters: ClassVar = {"at": _at}
    column_value_labels: ClassVar = {"reason": reason_of, "device": device_name}

    def badges(self, row: Any) -> list[Markup]:
        return [cells.status(row.result)]
