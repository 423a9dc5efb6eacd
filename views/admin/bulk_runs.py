"""Bulk runs: what was done to several rows at once, row by row, with Undo."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from flask import Response, g, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select

from backoffice import events, slots
from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.data import disclosure, records
from backoffice.database import of_exports
from backoffice.errors import BadRequest
from backoffice.extensions import begin, configured, db, patient
from backoffice.models.bulk_run import OUTCOMES, BulkRun
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named
from backoffice.policy.step_up import require_recent
from backoffice.text import is_id
from views.screen import Screen, cells
from views.screen.formats import formats
from views.screen.screen import ID
from views.web.actor import signed_in
from views.web.downloads import offered_on
from views.web.event_texts import said, verb
from views.web.redirects import safe_path

ROWS = 100
PARTLY = "partly undone"
LABELS = {
    "done": "Done",
    "unchanged": "Unchanged",
    "refused": "Refused",
    "stale": "Changed since",
    "failed": "Failed",
}


class BulkRuns(Screen):
    model = BulkRun
    name = "Bulk runs"
    menu_icon_value = "list-check"
    menu_order = 10
    column_list = (
        "id",
        "action",
        "state",
        "planned",
        "reason",
        "actor",
        "created_at",
        "finished_at",
    )
    column_default_list = ("id", "action", "state", "planned", "reason", "actor", "created_at")
    column_filters = ("state", "action", "actor", "created_at")
    column_labels: ClassVar = {"planned": "Rows", "actor": "By"}
    column_value_labels: ClassVar = {"action": said}
    column_formatters: ClassVar = {
        "action": lambda row, page: page.link(row.id, verb(row.action)),
        "state": lambda row, _page: cells.status(
            PARTLY if row.id in g.partly_undone else row.state
        ),
    }

    def _handle_view(self, name: str, **kwargs: Any) -> None:
        """One's own runs are open to everyone who can act; the scope keeps others' apart."""
        if name not in ("details", "take_back", "download"):
            super()._handle_view(name, **kwargs)

    def prepare(self, rows: Sequence[Any]) -> None:
        """Which of the page's runs were undone in part."""
        g.partly_undone = undoing.partly_undone([row.id for row in rows])

    @expose(f"/{ID}")
    def details(self, row_id: int) -> Any:
        who = signed_in()
        run = records.get(actor=who, model=BulkRun, row_id=row_id)
        return self.render("admin/bulk_runs/details.html", run=_page(self, who, run))

    @expose(f"/{ID}/undo", methods=("POST",))
    def take_back(self, row_id: int) -> Any:
        back = safe_path(request.form.get("back"), self.url_of("details", row_id=row_id))
        planned = undoing.plan_undo(actor=signed_in(), run_id=row_id, draft={"back": back})
        db.session.commit()
        action, token = planned.action, planned.run.token
        href = url_for(
            f"{area_of(action.model)}.preview", action=action.name.replace("_", "-"), token=token
        )
        return redirect(href, HTTPStatus.SEE_OTHER)

    @offered_on("details")
    @expose(f"/{ID}/items.csv")
    def download(self, row_id: int) -> Any:
        who = signed_in()
        run = records.get(actor=who, model=BulkRun, row_id=row_id)
        require_recent(who)
        settings = configured()
        with slots.exports(settings.export_slots).taken(), patient(of_exports(settings)):
            content = _csv(who, run, report.action_of(run))
        begin(writing=True)
        events.record(
            actor=who,
            action="bulk_runs.export",
            subject=("bulk_runs", row_id),
            after={"rows": run.planned},
        )
        db.session.commit()
        name = f'attachment; filename="bulk-run-{run.id}.csv"'
        return Response(
            content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
        )


def _page(screen: Screen, actor: Actor, run: BulkRun) -> dict[str, Any]:
    action = report.action_of(run)
    outcome, after = _asked()
    items = report.items(actor, run, action, outcome=outcome, after=after, limit=ROWS + 1)
    base = screen.base_of(action.model)
    undoable = undoing.may_undo(actor, run, action)
    last = items[ROWS - 1].row_id if len(items) > ROWS else None
    return {
        "title": report.title(actor, run, action),
        "summary": _summary(actor, run, action),
        "counts": _counts(screen, run, outcome),
        "next_href": screen.url_of("details", row_id=run.id, outcome=outcome or None, after=last)
        if last
        else None,
        "actor": _by(actor, run),
        "at": run.finished_at or run.created_at,
        "reason": disclosure.told(actor, BulkRun, [run], ("id", "reason"))[0].reason,
        "parameters": [
            (label, ", ".join(names)) for label, names in report.chosen(actor, run, action)
        ],
        "rows": [
            {
                "href": f"{base}{item.row_id}",
                "number": item.row_id,
                "label": item.label,
                "outcome": item.outcome,
                "outcome_label": LABELS[item.outcome],
                "message": item.message,
            }
            for item in items[:ROWS]
        ],
        "undo_url": screen.url_of("take_back", row_id=run.id) if undoable else None,
        "undo_note": action.lasting if undoable else (),
        "undone": _undone(run),
        "undos": [screen.url_of("details", row_id=number) for number in undoing.undos(run)],
        "undo_of": screen.url_of("details", row_id=run.undo_of_id) if run.undo_of_id else None,
        "download_href": screen.url_of("download", row_id=run.id),
        "back_href": base or screen.url_of("index"),
    }


def _asked() -> tuple[str, int]:
    outcome, after = request.args.get("outcome", ""), request.args.get("after", "0")
    if outcome and outcome not in OUTCOMES:
        raise BadRequest("There is no such outcome.")
    if not is_id(after):
        raise BadRequest("This page address is incomplete.")
    return outcome, int(after)


def _undone(run: BulkRun) -> str:
    """How much of the run was undone since, if anything was."""
    taken, done = undoing.taken_back(run), run.counts.get("done", 0)
    if not taken:
        return ""
    return (
        "This run was undone."
        if taken == done
        else f"{PARTLY.capitalize()}: {taken:,} of {done:,} rows."
    )


def _summary(actor: Actor, run: BulkRun, action: Action) -> list[str]:
    counts = run.counts
    found = [f"{counts.get('done', 0):,} of {run.planned:,} {action.done}."]
    if unchanged := counts.get("unchanged"):
        found.append(f"{unchanged:,} did not change: already {action.done}.")
    found += report.refusals(actor, run, action)
    if stale := counts.get("stale"):
        found.append(f"{stale:,} left alone: changed by somebody since.")
    return found


def _counts(screen: Screen, run: BulkRun, current: str) -> list[dict[str, Any]]:
    shown = [
        ("", "All", run.planned),
        *((o, LABELS[o], run.counts[o]) for o in OUTCOMES if run.counts.get(o)),
    ]
    return [
        {
            "name": o,
            "label": label,
            "count": f"{number:,}",
            "current": o == current,
            "href": screen.url_of("details", row_id=run.id, outcome=o or None),
        }
        for o, label, number in shown
    ]


def _by(actor: Actor, run: BulkRun) -> str:
    return (
        db.session.scalar(select(named(actor, User)).where(User.id == run.actor_id))
        or "Command line"
    )


def _csv(actor: Actor, run: BulkRun, action: Action) -> bytes:
    headings = [("id", "ID"), ("row", "Row"), ("outcome", "Outcome"), ("note", "Note")]
    items = report.items(actor, run, action, limit=run.planned)
    rows = ([item.row_id, item.label, item.outcome, item.message] for item in items)
    return b"".join(formats(bom=configured().csv_bom)["csv"].write(headings, rows))
