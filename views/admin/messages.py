"""The screen of messages: the outbox and what became of each mail, never what a mail says."""

from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.mail import reasons
from backoffice.models.fields import heading
from backoffice.models.message import Message
from backoffice.text import noted, translated
from views.screen import Screen, cells

PURPOSES = {
    "invitation_renewal": noted("New invitation asked for"),
    "invitation": noted("Invitation"),
    "password_link": noted("Link to set a password"),
    "password_reset": noted("Password reset"),
    "email_code": noted("Sign-in code"),
    "two_factor_enrolment": noted("Link to set up two-factor authentication"),
    "email_change": noted("New e-mail address to confirm"),
    "email_changed": noted("Notice: other e-mail address"),
    "password_changed": noted("Notice: other password"),
    "two_factor_changed": noted("Notice: two-factor authentication"),
    "new_device": noted("Notice: sign-in from a new device"),
    "blocked": noted("Notice: account blocked"),
    "unblocked": noted("Notice: account unblocked"),
    "access_revoked": noted("Notice: access revoked"),
}


def purpose_of(purpose: str) -> str:
    """Return what a message is for, in words."""
    return translated(PURPOSES.get(purpose) or heading(purpose))


def _purpose(row: Any, page: cells.CellContext) -> Markup:
    return page.link(row.id, purpose_of(row.purpose))


class Messages(Screen):
    model = Message
    category = _l("System")
    menu_icon_value = "envelope"
    menu_order = 10
    column_list = (
        "id",
        "purpose",
        "recipient",
        "user",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
        "sent_at",
    )
    column_default_list = (
        "purpose",
        "recipient",
        "user",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
    )
    column_filters = ("state", "purpose", "user", "created_at")
    column_export_list = column_list
    column_details_list = column_list
    column_labels: ClassVar = {
        "recipient": _l("To"),
        "user": _l("Person"),
        "next_attempt_at": _l("Next attempt"),
        "created_at": _l("Written"),
        "sent_at": _l("Sent"),
    }
    column_formatters: ClassVar = {"purpose": _purpose}
    column_value_labels: ClassVar = {"purpose": purpose_of, "last_error": reasons.shown}

    def heading_of(self, row: Any) -> dict[str, Any]:
        what = purpose_of(row.purpose)
        return {"title": _("%(what)s · message %(number)s", what=what, number=row.id)}

    def badges(self, row: Any) -> list[Markup]:
        return [cells.choice(Message, "state", row.state)]
