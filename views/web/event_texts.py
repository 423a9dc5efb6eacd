"""Write events as people read them: who did what to whom, and what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine import report
from backoffice.actions.engine.action import find
from backoffice.data import disclosure
from backoffice.data.cursors import Found
from backoffice.events import subjects
from backoffice.models import fields, row_keys
from backoffice.models.base import Record, records
from backoffice.models.event import Event
from backoffice.models.fields import colour, heading
from backoffice.models.kinds.choices import Choice
from backoffice.models.row_keys import RowKey
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can
from views.web import words
from views.web.actor import actor, signed_in
from views.web.avatars import avatar

Names = Mapping[subjects.Subject, str]  # of rows, by their area and id
EVENT = (  # the columns that are read
    "id",
    "at",
    "actor_id",
    "action",
    "subject_type",
    "subject_id",
    "subject_key",
    "result",
    "before",
    "after",
    "reason",
)
# What is no action, by its code without the area. The last ones are permissions that were missing.
VERBS = {
    "create": _l("Added"),
    "edit": _l("Changed"),
    "export": _l("Exported"),
    "import": _l("Imported"),
    "undo_import": _l("Undid an import"),
    "accept": _l("Accepted the invitation"),
    "change_email": _l("Change email"),
    "change_password": _l("Changed the password"),
    "renew_recovery_codes": _l("Renew recovery codes"),
    "reset_password": _l("Reset password"),
    "set_avatar": _l("Changed the avatar"),
    "remove_avatar": _l("Removed the avatar"),
    "end_access": _l("Access ended"),
    "end_session": _l("Signed out another device"),
    "save_view": _l("Saved a view"),
    "change_view": _l("Changed a view"),
    "delete_view": _l("Deleted a view"),
    "share": _l("Share"),
    "two_factor": _l("Two factor"),
    "assign_groups": _l("Assign groups"),
    "assign_permissions": _l("Assign permissions"),
    "assign_scope": _l("Assign scope"),
    "edit_ip": _l("Edit ip"),
    "request": _l("Request"),
    "run": _l("Run"),
    "run_all_matching": _l("Run all matching"),
    "undo": _l("Undo"),
    "view": _l("View"),
    "view_as": _l("Viewed as this person"),
    "leave_view": _l("Stopped viewing as this person"),
}


@dataclass(frozen=True)
class Described:
    """An event as people read it.

    Attributes:
        href: its details.
        at: when it happened.
        actor, avatar: who did it; a command has no avatar.
        action_label: what was done.
        subject: to which row, as a link if the reader may see it.
        result, colour: whether it was done, as a code, and the colour of that.
        reason: why.
        changes: what changed, as (field, before, after).
        had_before: whether there was something before.
    """

    href: str
    at: datetime
    actor: str
    avatar: Markup
    action_label: str
    subject: Markup
    result: str
    colour: str
    reason: str
    changes: list[tuple[str, str, str]]
    had_before: bool


def described(events: Iterable[Event]) -> list[Described]:
    """Return the events with names for actors and subjects, one statement per entity."""
    reader = signed_in()
    visible = disclosure.redacted(reader, Event, list(events), EVENT)

    about = [subjects.of_event(event) for event in visible]
    actors = [("users", event.actor_id) for event in visible]
    names = subjects.names(reader, [*about, *actors])
    pictures = subjects.pictures(reader, (event.actor_id for event in visible))
    return [_described(event, names, pictures) for event in visible]


def _described(event: Event, names: Names, pictures: Mapping[int, str]) -> Described:
    about = subjects.of_event(event)
    subject_name = names.get(about)
    return Described(
        href=url_for("events.details", row_id=event.id),
        at=event.at,
        actor=names.get(("users", event.actor_id), _("Command line")),
        avatar=_avatar(event, names, pictures),
        action_label=verb(event.action),
        subject=subject(*about, subject_name),
        result=event.result,
        colour=colour(Event, "result", event.result),
        reason=reason(event, subject_name),
        changes=changes(event),
        had_before=bool(event.before),
    )


def _avatar(event: Event, names: Names, pictures: Mapping[int, str]) -> Markup:
    """Return the actor's avatar as the reader may see it; a command has none."""
    user_id = event.actor_id
    if not user_id:
        return Markup("")
    return avatar(user_id, names.get(("users", user_id), ""), pictures.get(user_id))


def verb(code: str) -> str:
    """Return the action's label: `users.block` is 'Block', as on the button."""
    action = find(code)
    if action:
        return str(action.label)
    name = code.partition(".")[2] or code
    said_as = VERBS.get(name)
    return heading(name) if said_as is None else str(said_as)


def full_verb(code: str) -> str:
    """Return the action with its area, such as 'Users: Block' for `users.block`.

    It is for lists in which actions on several kinds of rows stand side by side.
    """
    area = code.partition(".")[0]
    return f"{words.area(area)}: {verb(code)}"


def subject(area: str, row_id: RowKey | None, name: str | None) -> Markup:
    """Return the row that an event is about, as a link if there is a screen for it.

    Without a `name` there is no link: the reader may not see the row.
    """
    if not area:
        return Markup("")
    if row_id is None:
        return Markup("{}").format(words.area(area))
    label = name or _numbered(area, row_id)
    known = any(screen.endpoint == area for screen in current_app.extensions["screens"])
    if not (known and name and can(actor(), f"{area}.view")):
        return Markup("{}").format(label)
    href = url_for(f"{area}.details", row_id=row_id)
    return Markup('<a href="{}">{}</a>').format(href, label)


def reason(event: Event | Found, name: str | None) -> str:
    """Return why something was done or refused to the row of this name, as people read it."""
    label = name or _numbered(*subjects.of_event(event))
    return report.event_reason(event.action, event.reason or "", label)


def _numbered(area: str, row_id: RowKey | None) -> str:
    key = "" if row_id is None else row_keys.shown(row_id)
    return f"{words.area(area)} {key}".rstrip()


def changes(event: Event) -> list[tuple[str, str, str]]:
    """Return what changed, as (field, before, after)."""
    before = event.before or {}
    after = event.after or {}
    model = next((model for model in records() if area_of(model) == event.subject_type), None)
    given = _given(event, after)
    changed = []
    for name in dict.fromkeys((*before, *after)):
        old = before.get(name)
        new = after.get(name)
        if name not in given and old != new:
            label = _label(event.subject_type, name)
            changed.append((label, _text(model, name, old), _text(model, name, new)))
    return [*given.values(), *changed]


def _label(area: str, name: str) -> str:
    """Return what the pages of an area call an attribute."""
    screens = current_app.extensions["screens"]
    screen = next((screen for screen in screens if screen.endpoint == area), None)
    return str(screen.label_of(name)) if screen else heading(name)


def _given(event: Event, after: Mapping[str, object]) -> dict[str, tuple[str, str, str]]:
    """Return what was given to the action, by the name of the parameter."""
    action = find(event.action)
    if action is None:
        return {}
    given = {}
    values = {name: [value] for name, value in after.items() if name in action.parameters}
    for name in action.noted(values):
        if name in action.watches:  # it has a value before and one after
            continue
        parameter = action.parameters[name]
        words = ", ".join(parameter.told(signed_in(), [after[name]]))
        given[name] = (str(parameter.label), "–", words)
    return given


def _text(model: type[Record] | None, name: str, value: object) -> str:
    """Return a value that an event has noted as the pages of its row show it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if model and isinstance(fields.kind(model, name), Choice):
        return fields.label(model, name, value)
    return report.reason(str(value))
