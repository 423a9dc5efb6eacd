"""The screen of sessions: who is or was signed in, and with which device."""

from typing import Any, ClassVar

from markupsafe import Markup

from backoffice.models.session import Session
from backoffice.text.devices import device_name
from views.screen import Screen, cells


def _device(row: Any, page: cells.CellContext) -> Markup:
    return page.link(row.id, device_name(row.device))


def _state(row: Any, _page: cells.CellContext) -> Markup:
    return state_of(row.state, row.ended_reason)


def state_of(state: str, reason: str) -> Markup:
    """Return the state as a badge, with the reason why the session ended, if it did."""
    badge = cells.status(state)
    if not reason:
        return badge
    return badge + Markup(' <span class="muted">{}</span>').format(reason)


class Sessions(Screen):
    model = Session
    category = "System"
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
    column_filters = ("state", "user", "ip", "kind", "created_at", "last_seen_at")
    column_details_list = (*column_list, "ended_reason", "expires_at")
    column_labels: ClassVar = {
        "user": "Person",
        "ip": "Address",
        "created_at": "Signed in",
        "last_seen_at": "Last seen",
        "ended_at": "Ended",
        "ended_reason": "Why it ended",
        "expires_at": "Ends at the latest",
    }
    column_formatters: ClassVar = {"device": _device, "state": _state}

    def heading_of(self, row: Any) -> dict[str, Any]:
        return {"title": f"{device_name(row.device)} · session {row.id}"}

    def badges(self, row: Any) -> list[Markup]:
        return [cells.status(row.state)]
