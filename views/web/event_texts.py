"""Write events as people read them: who did what to whom, and what changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine import report
from backoffice.actions.engine.action import find
from backoffice.actions.engine.parameters import Choose
from backoffice.actions.engine.rules import NUMBER
from backoffice.data import disclosure, former_names
from backoffice.data.former_names import Former
from backoffice.events import mentions, seals, subjects
from backoffice.models import fields
from backoffice.models.base import Record, records
from backoffice.models.event import Event
from backoffice.models.fields import colour, heading
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, catalogue
from backoffice.policy.rules import can
from views.web import event_sentences, words
from views.web.actor import actor, signed_in
from views.web.avatars import avatar
from views.web.event_values import label_of, side_by_side

USERS, EVENTS = area_of(User), area_of(Event)
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
    "find_exact": _l("Looked up"),
    "import": _l("Imported"),
    "undo_import": _l("Undid an import"),
    "accept": _l("Accepted the invitation"),
    "change_email": _l("Change email"),
    "change_password": _l("Changed the password"),
    "renew_recovery_codes": _l("Renew recovery codes"),
    "reset_password": _l("Reset password"),
    "set_avatar": _l("Changed the avatar"),
    "remove_avatar": _l("Removed the avatar"),
    "decide": _l("Decide"),
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
    "mask": _l("Mask data"),
    "edit_ip": _l("Edit ip"),
    "request": _l("Request"),
    "run": _l("Run"),
    "run_all_matching": _l("Run all matching"),
    "undo": _l("Undo"),
    "view": _l("View"),
    "while_viewing": _l("Tried while viewing as another person"),
    "view_as": _l("Viewed as this person"),
    "leave_view": _l("Stopped viewing as this person"),
    "check": _l("Check"),
    "comment": _l("Comment"),
    "edit_comment": _l("Change a comment"),
    "kyc": _l("Changed the KYC state"),
}


# What events keep that says nothing to people: numbers that sentences tell, and hashes.
UNTOLD = (NUMBER, seals.COMMENT, seals.SEAL)


@dataclass(frozen=True)
class Described:
    """An event as people read it.

    Attributes:
        number, href: its number and its details.
        at: when it happened.
        avatar: of who did it; a command has none.
        sentence: who did what to which row, and why; rows that the reader may see are links.
        result, colour: whether it was done, as a code, and the colour of that.
        changes: what changed, as (field, before, after).
        had_before: whether there was something before.
    """

    number: int
    href: str
    at: datetime
    avatar: Markup
    sentence: Markup
    result: str
    colour: str
    changes: list[tuple[str, str, str]]
    had_before: bool


def described(events: Iterable[Event]) -> list[Described]:
    """Return the events with names for actors and subjects, one statement per entity."""
    reader = signed_in()
    visible = disclosure.redacted(reader, Event, list(events), EVENT)

    names = names_of(reader, visible)
    pictures = subjects.pictures(reader, (event.actor_id for event in visible))
    return [_described(event, names, pictures) for event in visible]


def names_of(reader: Actor | None, events: Iterable[Any]) -> Names:
    """Return the names that the reader may see of whom and what the events tell.

    There is one statement for each area.
    """
    told = {
        each
        for event in events
        for each in (subjects.of_event(event), (USERS, event.actor_id), *_people(event))
        if each[0] != EVENTS  # which have no name but their number
    }
    names = subjects.names(reader, told)
    return names | former_names.of(reader, told - names.keys())


def _people(event: Any) -> Iterator[subjects.Subject]:
    """Yield the people whom the values of an event mention, such as who created the row."""
    for values in (event.before, event.after):
        for name, value in (values or {}).items():
            if someone := mentions.person(_target(event, name), value):
                yield someone


def _target(event: Any, name: str) -> type[Record] | None:
    """Return the model of whose rows a value names one: of a relation, or chosen for an action."""
    model, action = _model_of(event), find(event.action)
    if model and name in fields.relations(model):
        return fields.related_model(model, name)
    chosen = action.parameters.get(name) if action else None
    return chosen.model if isinstance(chosen, Choose) else None


def _model_of(event: Any) -> type[Record] | None:
    return next((model for model in records() if area_of(model) == event.subject_type), None)


def _described(event: Event, names: Names, pictures: Mapping[int, str]) -> Described:
    return Described(
        number=event.id,
        href=url_for("events.details", row_id=event.id),
        at=event.at,
        avatar=_avatar(event, names, pictures),
        sentence=sentence(event, names),
        result=event.result,
        colour=colour(Event, "result", event.result),
        changes=changes(event, names),
        had_before=bool(event.before),
    )


def sentence(event: Any, names: Names, *, links: bool = True) -> Markup:
    """Return who did what to which row, and why, as HTML.

    `event` has nothing that its reader may not see. Without `links` no request is needed.
    """
    about = subjects.of_event(event)
    name = names.get(about)
    who = (USERS, event.actor_id)
    parts = {
        "actor": _("The system"),
        "subject": subject(*about, name) if links else _plainly(*about, name),
        "action": verb(event.action) if event.result == "done" else tried(event.action),
    }
    if event.actor_id is not None:
        parts["actor"] = subject(*who, names.get(who)) if links else _plainly(*who, names.get(who))
    return event_sentences.sentence(event, parts, reason(event, name))


def _plainly(area: str, row_id: RowKey | None, name: str | None) -> str:
    """Return what the row that an event is about is called."""
    if row_id is None:
        return words.area(area) if area else ""
    if area == EVENTS:
        return _("event %(number)s", number=row_id)
    return name or _numbered(area, row_id)


def _avatar(event: Event, names: Names, pictures: Mapping[int, str]) -> Markup:
    """Return the actor's avatar as the reader may see it; a command has none."""
    user_id = event.actor_id
    if not user_id:
        return Markup("")
    return avatar(user_id, names.get((USERS, user_id), ""), pictures.get(user_id))


def verb(code: str) -> str:
    """Return the action's label: `users.block` is 'Block', as on the button."""
    action = find(code)
    if action:
        return str(action.label)
    name = code.partition(".")[2] or code
    said_as = VERBS.get(name)
    return heading(name) if said_as is None else str(said_as)


def tried(code: str) -> str:
    """Return what somebody tried: the action's label, or what the permission would have allowed."""
    permission = None if find(code) else catalogue().get(code)
    return str(permission.meaning) if permission else verb(code)


def full_verb(code: str) -> str:
    """Return the action with its area, such as 'Users: Block' for `users.block`.

    It is for lists in which actions on several kinds of rows stand side by side.
    """
    area = code.partition(".")[0]
    return f"{words.area(area)}: {verb(code)}"


def subject(area: str, row_id: RowKey | None, name: str | None) -> Markup:
    """Return the row that an event is about, as a link if there is a screen for it.

    Without a `name` there is no link: the reader may not see the row. One that is gone has none.
    """
    label = _plainly(area, row_id, name)
    known = any(screen.endpoint == area for screen in current_app.extensions["screens"])
    is_there = bool(name) and not isinstance(name, Former)
    is_named = is_there or area == EVENTS
    if row_id is None or not (known and is_named and can(actor(), f"{area}.view")):
        return Markup("{}").format(label)
    href = url_for(f"{area}.details", row_id=row_id)
    return Markup('<a href="{}">{}</a>').format(href, label)


def reason(event: Any, name: str | None) -> str:
    """Return why something was done or refused to the row of this name, as people read it."""
    label = name or _numbered(*subjects.of_event(event))
    return report.event_reason(event.action, event.reason or "", label)


def numbered_subject(event: Any) -> str:
    """Return what kind of row an event is about, and its number or key."""
    return _plainly(*subjects.of_event(event), None)


def _numbered(area: str, row_id: RowKey | None) -> str:
    return words.area(area) if row_id is None else mentions.numbered(area, row_id)


def changes(event: Event, names: Names) -> list[tuple[str, str, str]]:
    """Return what changed, as (field, before, after), with the names that `names_of` has read."""
    before = event.before or {}
    after = event.after or {}
    model = _model_of(event)
    given = _given(event, after)
    changed = []
    for name in dict.fromkeys((*before, *after)):
        old = before.get(name)
        new = after.get(name)
        if name not in given and name not in UNTOLD and old != new:
            label = label_of(event.subject_type, name)
            told = (_named(event, name, value, names) for value in (old, new))
            changed.append((label, *side_by_side(model, name, *told)))
    return [*given.values(), *changed]


def _named(event: Any, name: str, value: object, names: Names) -> object:
    """Return the name of the person that the value is, if it may be told, or else the value."""
    someone = mentions.person(_target(event, name), value)
    return names.get(someone, value) if someone else value


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
