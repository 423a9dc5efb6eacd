"""Events as people read them: who did what to whom, and what changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from backoffice.actions.engine.action import find
from backoffice.dashboard import figures
from backoffice.data import disclosure
from backoffice.models.event import Event
from backoffice.models.fields import heading
from backoffice.policy.rules import can
from views.web.actor import actor, signed_in
from views.web.avatars import avatar

EVENT = (
    "id",
    "at",
    "actor_id",
    "action",
    "subject_type",
    "subject_id",
    "result",
    "before",
    "after",
    "reason",
)
VERBS = {
    "create": "Added",
    "edit": "Changed",
    "export": "Exported",
    "accept": "Accepted the invitation",
    "change_password": "Changed the password",
    "set_avatar": "Changed the avatar",
    "remove_avatar": "Removed the avatar",
    "end_session": "Signed out another device",
}


def described(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The events with names for actors and subjects, all names in one statement per entity."""
    told = disclosure.told(signed_in(), Event, list(events), EVENT)
    names = figures.names(
        signed_in(),
        [*((e.subject_type, e.subject_id) for e in told), *(("users", e.actor_id) for e in told)],
    )
    pictures = figures.pictures(signed_in(), (event.actor_id for event in told))
    return [
        {
            "id": event.id,
            "href": url_for("events.details", row_id=event.id),
            "at": event.at,
            "actor": names.get(("users", event.actor_id), "Command line"),
            "avatar": _avatar(event, names, pictures),
            "action_label": verb(event.action),
            "subject": subject(event, names.get((event.subject_type, event.subject_id))),
            "result": event.result,
            "reason": event.reason,
            "changes": changes(event),
            "had_before": bool(event.before),
        }
        for event in told
    ]


def _avatar(event: Any, names: Mapping[Any, str], pictures: Mapping[int, str]) -> Markup:
    """Whoever did it, as one sees them; commands have no face."""
    number = event.actor_id
    return (
        avatar(number, names.get(("users", number), ""), pictures.get(number))
        if number
        else Markup("")
    )


def verb(code: str) -> str:
    """`users.block` is 'Block', as on the button."""
    if action := find(code):
        return action.label
    name = code.partition(".")[2] or code
    return VERBS.get(name) or heading(name)


def said(code: str) -> str:
    """`users.block` is 'Users: Block', where actions on several kinds of rows stand side by side."""
    return f"{heading(code.partition('.')[0])}: {verb(code)}"


def subject(event: Any, name: str | None) -> Markup:
    """The row an event is about, as a link where there is a screen for it."""
    if not event.subject_type:
        return Markup("")
    if event.subject_id is None:
        return Markup("{}").format(heading(event.subject_type))
    label = name or f"{heading(event.subject_type)} {event.subject_id}"
    known = any(
        screen.endpoint == event.subject_type for screen in current_app.extensions["screens"]
    )
    if not (known and name and can(actor(), f"{event.subject_type}.view")):
        return Markup("{}").format(label)
    return Markup('<a href="{}">{}</a>').format(
        url_for(f"{event.subject_type}.details", row_id=event.subject_id), label
    )


def changes(event: Any) -> list[tuple[str, str, str]]:
    """What changed, as (field, before, after)."""
    before, after = event.before or {}, event.after or {}
    names = [
        name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)
    ]
    return [(heading(name), _said(before.get(name)), _said(after.get(name))) for name in names]


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in (None, "") else str(value)
