"""The screen of messages: the outbox and what became of each mail, never what a mail says."""

from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.mail import reasons
from backoffice.models import fields
from backoffice.models.message import Message
from views.screen import Screen, cells
from views.screen.pages import Heading


def purpose_of(purpose: str) -> str:
    """Return what a message is for, in words."""
    return fields.label(Message, "purpose", purpose)


def _purpose(row: cells.ListRow, page: cells.CellContext) -> Markup:
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
        "client",
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
        "last_error",
        "created_at",
    )
    column_title_list = ("purpose",)
    column_found_list = ("recipient", "created_at")
    column_filters = ("state", "purpose", "user", "client", "created_at")
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
    column_value_labels: ClassVar = {"last_error": reasons.shown}

    def heading_of(self, row: Message) -> Heading:
        what = purpose_of(row.purpose)
        return Heading(_("%(what)s · message %(number)s", what=what, number=row.id))

    def badges(self, row: Message) -> list[Markup]:
        return [cells.choice(Message, "state", row.state)]
