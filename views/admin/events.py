"""Events log: who did what to which row, and what it changed; nobody can write here."""

from typing import Any, ClassVar

from flask import render_template
from markupsafe import Markup

from backoffice.models.event import Event
from views.screen import Screen, cells
from views.screen.happenings import described, verb


class Events(Screen):
    model = Event
    label = "Events log"
    icon = "clock-history"
    order = 20
    columns = (
        "id",
        "at",
        "action",
        "subject_type",
        "subject_id",
        "actor_id",
        "result",
        "reason",
        "ip",
        "bulk_run_id",
    )
    shown = ("at", "action", "subject_type", "subject_id", "actor_id", "result", "reason")
    filters = ("result", "action", "subject_type", "subject_id", "actor_id", "at", "bulk_run_id", "ip")
    labels: ClassVar = {
        "at": "When",
        "subject_type": "About",
        "subject_id": "Number",
        "actor_id": "By",
        "bulk_run_id": "Bulk run",
        "ip": "Address",
    }
    cells: ClassVar = {
        "action": lambda row, base: Markup('<a href="{}{}">{}</a>').format(base, row.id, verb(row.action)),
        "subject_type": lambda row, _base: cells.choice(row.subject_type),
    }

    def heading_of(self, row: Any) -> dict[str, Any]:
        return {"title": f"{verb(row.action)} · event {row.id}"}

    def badges(self, row: Any) -> list[Markup]:
        return [cells.status(row.result)]

    def subtitle(self, row: Any) -> Markup:
        return Markup(render_template("admin/events/changes.html", event=described([row])[0]))  # noqa: S704  # rendered from our own template
