"""The screen of the events log: who did what to which row, and what changed.

Nobody can write here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine import report
from backoffice.data import disclosure
from backoffice.events import subjects
from backoffice.models.event import Event
from views.screen import Screen, cells
from views.screen.pages import Fact, Heading, Section
from views.web.actor import actor, signed_in
from views.web.event_texts import changes, full_verb, reason, subject, verb


def _verb(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return page.link(row.id, verb(row.action))


def _subject(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    about = subjects.of_event(row)
    return subject(*about, g.subject_names.get(about)) or cells.NOTHING


def _linked(row: Any) -> Markup:
    """Return what a single event is about, as a link for those who may see it."""
    about = subjects.of_event(row)
    return subject(*about, subjects.names(actor(), [about]).get(about))


def _reason(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    name = g.subject_names.get(subjects.of_event(row))
    return Markup("{}").format(reason(row, name)) or cells.NOTHING


# Read of a single event besides what its page shows as it is.
EXTRA = ("id", "subject_id", "subject_key", "before", "after")


class Events(Screen):
    model = Event
    name = _l("Events log")
    menu_icon_value = "clock-history"
    menu_order = 20
    column_list = (
        "id",
        "at",
        "action",
        "subject_type",
        "actor",
        "result",
        "reason",
        "ip",
        "bulk_run_id",
    )
    column_default_list = ("at", "action", "subject_type", "actor", "result", "reason")
    column_extra_list = ("action", "subject_type", "subject_id", "subject_key")
    column_title_list = ("action", "subject_type")
    column_found_list = ("actor", "at")
    column_filters = (
        "result",
        "action",
        "subject_type",
        "subject_id",
        "actor",
        "at",
        "bulk_run_id",
        "ip",
    )
    column_details_list = (
        "action",
        "subject_type",
        "actor",
        "actor_groups",
        "result",
        "reason",
        "ip",
        "request_id",
        "bulk_run_id",
        "at",
    )
    column_labels: ClassVar = {
        "at": _l("When"),
        "subject_type": _l("About"),
        "subject_id": _l("Number"),
        "subject_key": _l("Key"),
        "actor": _l("By"),
        "actor_groups": _l("Groups at that time"),
        "bulk_run_id": _l("Bulk run"),
        "ip": _l("IP address"),
        "request_id": _l("Request"),
    }
    column_formatters: ClassVar = {
        "action": _verb,
        "subject_type": _subject,
        "reason": _reason,
    }
    column_value_labels: ClassVar = {"action": full_verb, "reason": report.reason}

    def prepare(self, rows: Sequence[cells.ListRow]) -> None:
        """Read the names of all rows that the page's events are about."""
        about = [subjects.of_event(row) for row in rows]
        g.subject_names = subjects.names(actor(), about)

    def heading_of(self, row: Event) -> Heading:
        what = f"{verb(row.action)} {_linked(row).striptags()}".rstrip()
        return Heading(_("%(what)s · event %(number)s", what=what, number=row.id))

    def badges(self, row: Event) -> list[Markup]:
        return [cells.choice(Event, "result", row.result)]

    def sections(self, row: Event) -> list[Section]:
        """Return what changed, followed by the usual sections."""
        names = dict.fromkeys((*self.column_details_list, *EXTRA))
        (visible,) = disclosure.redacted(signed_in(), Event, [row], names)
        arrow = Markup("{} → {}") if visible.before else Markup("{1}")
        changed = [Fact(name, arrow.format(old, new)) for name, old, new in changes(visible)]
        sections = [self._with_subject(section, visible) for section in super().sections(visible)]
        if not changed:
            return sections
        return [Section(_("What changed"), changed), *sections]

    def _with_subject(self, section: Section, row: Any) -> Section:
        """Return the section with what the event is about in place of the kind of that."""
        about = Fact(self.label_of("subject_type"), _linked(row) or cells.NOTHING)
        facts = [about if each.label == about.label else each for each in section.fields]
        return replace(section, fields=facts)
