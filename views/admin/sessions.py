"""The screen of sessions: who is or was signed in, and with which device."""

from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.session import Session
from backoffice.text import translated
from backoffice.text.devices import device_name
from views.screen import Screen, cells
from views.screen.pages import Heading


def _device(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return page.link(row.id, device_name(row.device))


def _state(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    return state_of(row.state, row.ended_reason)


def state_of(state: str, reason: str) -> Markup:
    """Return the state as a badge, with the reason why the session ended, if it did."""
    badge = cells.choice(Session, "state", state)
    if not reason:
        return badge
    return badge + Markup(' <span class="muted">{}</span>').format(translated(reason))


class Sessions(Screen):
    model = Session
    category = _l("System")
    menu_icon_value = "laptop"
    menu_order = 20
    column_list = (
        "id",
        "user",
        "device",
        "ip",
        "kind",
        "state",
        "created_at",
        "last_seen_at",
        "ended_at",
    )
    column_default_list = ("user", "device", "ip", "state", "created_at", "last_seen_at")
    column_extra_list = ("ended_reason",)
    column_title_list = ("device",)
    column_found_list = ("user", "ip", "created_at")
    column_filters = ("state", "user", "ip", "kind", "created_at", "last_seen_at")
    column_details_list = (*column_list, "ended_reason", "expires_at")
    column_labels: ClassVar = {
        "user": _l("Person"),
        "ip": _l("IP address"),
        "created_at": _l("Signed in"),
        "last_seen_at": _l("Last seen"),
        "ended_at": _l("Ended"),
        "ended_reason": _l("Why it ended"),
        "expires_at": _l("Ends at the latest"),
    }
    column_formatters: ClassVar = {"device": _device, "state": _state}
    column_value_labels: ClassVar = {"ended_reason": translated}

    def heading_of(self, row: Session) -> Heading:
        device = device_name(row.device)
        return Heading(_("%(device)s · session %(number)s", device=device, number=row.id))

    def badges(self, row: Session) -> list[Markup]:
        return [cells.choice(Session, "state", row.state)]
