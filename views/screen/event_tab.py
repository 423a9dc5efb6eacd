"""The tab with the events about a row, which every details page has for those who see events."""

from typing import Any

from flask import render_template, url_for
from markupsafe import Markup

from backoffice.events.history import latest_events
from backoffice.models.base import Record
from backoffice.models.event import Event
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from views.screen.definition import Definition
from views.web.event_comments import told
from views.web.event_texts import described


def label(screen: Definition, actor: Actor) -> dict[str, str]:
    """Return the name and label of the tab; nothing for those who do not have it.

    A screen may have a tab of its own with this name.
    """
    own = {*screen.details_tabs, *(rows.name for rows in screen.tabs)}
    name, label = screen.events_tab
    if screen.model is Event or name in own or not sees(actor, Event):
        return {}
    return {name: label}


def panel(screen: Definition, actor: Actor, row: Record) -> Markup:
    """Return the latest events about the row, with their comments."""
    events = described(latest_events(actor, screen.endpoint, row.id))
    comments = told(actor, [event.number for event in events])
    all_href = ""
    if isinstance(row.id, int):
        only: dict[str, Any] = {"subject_id.from": row.id, "subject_id.to": row.id}
        all_href = url_for("events.index", subject_type=screen.endpoint, **only)
    html = render_template(
        "admin/events/feed.html", events=events, comments=comments, all_href=all_href
    )
    return Markup(html)  # noqa: S704  # rendered from our own template
