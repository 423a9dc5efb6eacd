"""The screen of the events log: who did what to which row, and what changed.

Nobody can write here.
"""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar

from flask import flash, g, redirect, render_template
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from markupsafe import Markup

from backoffice import limits, slots, throttles
from backoffice.actions.engine import report
from backoffice.data import disclosure, event_comments
from backoffice.events import anchors, checks, subjects
from backoffice.extensions import db, jobs
from backoffice.jobs import check_events
from backoffice.models.event import Event
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.settings import configured
from backoffice.transactions import begin
from views.admin import event_comments as comment_pages
from views.screen import Screen, cells, permission_required
from views.screen.pages import Fact, Heading, Section
from views.screen.screen import ID
from views.web import event_checks
from views.web.actor import signed_in, writes_no_row
from views.web.answers import Answer
from views.web.event_texts import (
    changes,
    described,
    full_verb,
    names_of,
    numbered_subject,
    reason,
    sentence,
    subject,
)
from views.web.times import ago

CHECK = "events.check"


def _when(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return page.link(row.id, ago(row.at))


def _sentence(row: cells.ListRow, page: cells.CellContext) -> Markup:
    """Return what happened, and how many comments there are on it."""
    said = Markup('<span class="said">{}</span>').format(sentence(row, g.event_names))
    number = g.event_comments.get(row.id)
    if not number:
        return said
    label = _n("%(num)d comment", "%(num)d comments", number)
    return Markup("{} {}").format(said, page.link(row.id, label))


def _subject(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    about = subjects.of_event(row)
    return subject(*about, g.event_names.get(about)) or cells.NOTHING


def _linked(row: Any) -> Markup:
    """Return what a single event is about, as a link for those who may see it."""
    about = subjects.of_event(row)
    return subject(*about, subjects.names(signed_in(), [about]).get(about))


def _told_apart(row: Any) -> Markup:
    """Return what a single event is about, with its number or key: names change."""
    linked, numbered = _linked(row), numbered_subject(row)
    if linked.striptags() == numbered:
        return linked
    return Markup("{} · {}").format(linked, numbered)


def _reason(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    name = g.event_names.get(subjects.of_event(row))
    return Markup("{}").format(reason(row, name)) or cells.NOTHING


def _count_check(actor: Actor) -> None:
    """Count one more check that is asked for. Raises TooMany."""
    begin(writing=True)
    quotas.consume(actor=actor, throttle=throttles.EVENT_CHECKS)
    db.session.commit()


# Read of a single event besides what its page shows as it is.
EXTRA = ("id", "actor_id", "subject_id", "subject_key", "before", "after")


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
    column_default_list = ("at", "action", "result")
    column_extra_list = (
        *("at", "action", "actor_id", "subject_type", "subject_id", "subject_key"),
        *("result", "reason", "before", "after"),
    )
    column_title_list = ("action",)
    column_found_list = ("at",)
    export_more: ClassVar = {
        "sentence": _l("What happened"),
        "comments": _l("Comments"),
    }
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
        "at": _when,
        "action": _sentence,
        "subject_type": _subject,
        "reason": _reason,
    }
    column_value_labels: ClassVar = {"action": full_verb, "reason": report.reason}

    def prepare(self, rows: Sequence[cells.ListRow]) -> None:
        """Read the names of all rows that the page's events are about."""
        reader = signed_in()
        g.event_names = names_of(reader, rows)
        g.event_comments = event_comments.counts(reader, [row.id for row in rows])

    def heading_of(self, row: Event) -> Heading:
        return Heading(_("Event %(number)s", number=row.id))

    def exported(self, actor: Actor, rows: Sequence[cells.ListRow]) -> list[list[object]]:
        names = names_of(actor, rows)
        counts = event_comments.counts(actor, [row.id for row in rows])
        said = (sentence(row, names, links=False).striptags() for row in rows)
        return [[text, counts.get(row.id, 0)] for row, text in zip(rows, said, strict=True)]

    def above(self, actor: Actor) -> Markup | str:
        action = self.url_of("check") if can(actor, CHECK) else ""
        check = event_checks.last()
        html = render_template("admin/events/check.html", check=check, action=action)
        return Markup(html)  # noqa: S704  # rendered from our own template

    @permission_required(CHECK)
    @writes_no_row
    @expose("/check", methods=("POST",))
    def check(self) -> Answer:
        """Check the log, or have a worker do so if it is long."""
        _count_check(signed_in())
        newest = anchors.newest()
        if newest and newest.number > limits.EVENTS_CHECKED:
            jobs.enqueue(check_events.JOB)
            flash(_("A worker checks the log now. Its result appears here."), "success")
        else:
            with slots.event_checks().taken():
                checks.check(configured())
        return redirect(self.url_of("index"), HTTPStatus.SEE_OTHER)

    def subtitle(self, row: Event) -> Markup | str:
        return described([row])[0].sentence.striptags()

    def below(self, actor: Actor, row: Event) -> Markup | str:
        return comment_pages.below(actor, row)

    @permission_required(event_comments.PERMISSION)
    @expose(f"/{ID}/comments", methods=("GET", "POST"))
    def comment(self, row_id: int) -> Answer:
        return comment_pages.new(self, row_id)

    @permission_required(event_comments.PERMISSION)
    @expose(f"/{ID}/comments/<int(max=9223372036854775807):comment_id>", methods=("GET", "POST"))
    def edit_comment(self, row_id: int, comment_id: int) -> Answer:
        return comment_pages.edit(self, row_id, comment_id)

    def badges(self, row: Event) -> list[Markup]:
        return [cells.choice(Event, "result", row.result)]

    def sections(self, row: Event) -> list[Section]:
        """Return what changed, followed by the usual sections."""
        names = dict.fromkeys((*self.column_details_list, *EXTRA))
        reader = signed_in()
        (visible,) = disclosure.redacted(reader, Event, [row], names)
        arrow = Markup("{} → {}") if visible.before else Markup("{1}")
        changed = [
            Fact(name, arrow.format(old, new))
            for name, old, new in changes(visible, names_of(reader, [visible]))
        ]
        sections = [self._with_subject(section, visible) for section in super().sections(visible)]
        if not changed:
            return sections
        return [Section(_("What changed"), changed), *sections]

    def _with_subject(self, section: Section, row: Any) -> Section:
        """Return the section with what the event is about in place of the kind of that."""
        about = Fact(self.label_of("subject_type"), _told_apart(row) or cells.NOTHING)
        facts = [about if each.label == about.label else each for each in section.fields]
        return replace(section, fields=facts)
