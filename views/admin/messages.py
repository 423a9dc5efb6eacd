"""The screen of messages: the outbox and what became of each mail, never what a mail says."""

from typing import Any, ClassVar

from markupsafe import Markup

from backoffice.models.fields import heading
from backoffice.models.message import Message
from views.screen import Screen, cells

PURPOSES = {
    "invitation_renewal": "New invitation asked for",
    "password_link": "Link to set a password",
    "email_code": "Sign-in code",
    "two_factor_enrolment": "Link to set up two-factor authentication",
    "email_change": "New e-mail address to confirm",
    "email_changed": "Notice: other e-mail address",
    "password_changed": "Notice: other password",
    "two_factor_changed": "Notice: two-factor authentication",
    "new_device": "Notice: sign-in from a new device",
    "blocked": "Notice: account blocked",
    "unblocked": "Notice: account unblocked",
    "access_revoked": "Notice: access revoked",
}


def purpose_of(purpose: str) -> str:
    """Return what a message is for, in words."""
    return PURPOSES.get(purpose) or heading(purpose)


def _purpose(row: Any, page: cells.CellContext) -> Markup:
    return page.link(row.id, purpose_of(row.purpose))


class Messages(Screen):
    model = Message
    category = "System"
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
        "recipient": "To",
        "user": "Person",
        "next_attempt_at": "Next attempt",
        "created_at": "Written",
        "sent_at": "Sent",
    }
    column_formatters: ClassVar = {"purpose": _purpose}
    column_value_labels: ClassVar = {"purpose": purpose_of}

    def heading_of(self, row: Any) -> dict[str, Any]:
        return {"title": f"{purpose_of(row.purpose)} · message {row.id}"}

    def badges(self, row: Any) -> list[Markup]:
        return [cells.status(row.state)]
