"""The screen of bulk runs: what was done to several rows at once, row by row, with Undo."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar

from flask import Response, g, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from markupsafe import Markup
from sqlalchemy import select

from backoffice import events, slots
from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.data import disclosure, exports, records
from backoffice.database import export_timeouts
from backoffice.errors import BadRequest
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.bulk_run import OUTCOMES, BulkRun
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, named, require
from backoffice.policy.step_up import require_recent
from backoffice.settings import configured
from backoffice.text import is_id
from backoffice.text.numbers import formatted
from backoffice.transactions import begin, with_timeouts
from views.screen import Screen, cells, no_permission_required
from views.screen.formats import formats
from views.screen.pages_of_runs import ResultCount, ResultPage, ResultRow, Undo
from views.screen.screen import ID
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.downloads import offered_on
from views.web.event_texts import full_verb, verb
from views.web.redirects import safe_path
from views.web.view_as import not_while_viewing

ROWS = 100  # on a page of a run
EXPORT = "bulk_runs.export"
HIDDEN = "whoever can act sees their own runs, and the scope hides those of others"


def _action(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return page.link(row.id, verb(row.action))


def _state(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    if row.id in g.partly_undone:
        return cells.badge(_("Partly undone"), "grey")
    return cells.choice(BulkRun, "state", row.state)


class BulkRuns(Screen):
    model = BulkRun
    name = _l("Bulk runs")
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
    column_title_list = ("action",)
    column_found_list = ("actor", "created_at")
    column_filters = ("state", "action", "actor", "created_at")
    column_labels: ClassVar = {"planned": _l("Rows"), "actor": _l("By")}
    column_value_labels: ClassVar = {"action": full_verb, "reason": report.reason}
    column_formatters: ClassVar = {"action": _action, "state": _state}

    def prepare(self, rows: Sequence[cells.ListRow]) -> None:
        """Read which of the page's runs were undone in part."""
        g.partly_undone = undoing.partly_undone([row.id for row in rows])

    @no_permission_required(HIDDEN)
    @expose(f"/{ID}")
    def details(self, row_id: int) -> Answer:
        who = signed_in()
        run = records.get(actor=who, model=BulkRun, row_id=row_id)
        return self.render("admin/bulk_runs/details.html", run=_page(self, who, run))

    @no_permission_required(HIDDEN)
    @expose(f"/{ID}/undo", methods=("POST",))
    def take_back(self, row_id: int) -> Answer:
        back = safe_path(request.form.get("back"), self.url_of("details", row_id=row_id))
        planned = undoing.plan_undo(actor=signed_in(), run_id=row_id, draft={"back": back})
        db.session.commit()
        action = planned.action
        href = url_for(
            f"{area_of(action.model)}.preview",
            action=action.name.replace("_", "-"),
            token=planned.run.token,
        )
        return redirect(href, HTTPStatus.SEE_OTHER)

    @no_permission_required(HIDDEN)
    @not_while_viewing
    @offered_on("details")
    @expose(f"/{ID}/items.csv")
    def download(self, row_id: int) -> Answer:
        who = signed_in()
        run = records.get(actor=who, model=BulkRun, row_id=row_id)
        if not _is_offered(who, run):
            require(who, EXPORT)
        require_recent(who)
        exports.count(actor=who)
        settings = configured()
        with slots.exports(settings.export_slots).taken(), with_timeouts(export_timeouts(settings)):
            content = _csv(who, run, report.action_of(run))
        begin(writing=True)
        events.record(
            actor=who,
            action=EXPORT,
            subject=("bulk_runs", row_id),
            after={"rows": run.planned},
        )
        db.session.commit()
        headers = {"Content-Disposition": f'attachment; filename="bulk-run-{run.id}.csv"'}
        return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _page(screen: Screen, actor: Actor, run: BulkRun) -> ResultPage:
    action = report.action_of(run)
    outcome, after = _asked()
    items = _items(actor, run, action, outcome, after)
    base = screen.base_of(action.model)
    return ResultPage(
        title=report.title(actor, run, action),
        actor=_by(actor, run),
        at=run.finished_at or run.created_at,
        summary=_summary(actor, run, action),
        reason=_reason(actor, run),
        parameters=_parameters(actor, run, action),
        undo=_undo(screen, actor, run, action),
        counts=_counts(screen, run, outcome),
        rows=_rows(base, items[:ROWS]),
        next_href=_next_href(screen, run, outcome, items),
        download_href=_download_href(screen, actor, run),
        back_href=base or screen.url_of("index"),
    )


def _download_href(screen: Screen, actor: Actor, run: BulkRun) -> str:
    has_rows = bool(run.planned)  # an action about no rows has none
    return screen.url_of("download", row_id=run.id) if has_rows and _is_offered(actor, run) else ""


def _is_offered(actor: Actor, run: BulkRun) -> bool:
    """Return whether the actor may have the rows as a file, as everybody may of an own run."""
    return run.actor_id == actor.user_id or can(actor, EXPORT)


def _items(
    actor: Actor, run: BulkRun, action: Action, outcome: str, after: int
) -> list[report.Item]:
    """Return one row more than is shown, which tells that there is another page."""
    return report.items(actor, run, action, outcome=outcome, after=after, limit=ROWS + 1)


def _next_href(
    screen: Screen, run: BulkRun, outcome: str, items: Sequence[report.Item]
) -> str | None:
    if len(items) <= ROWS:
        return None
    last = items[ROWS - 1].number
    return screen.url_of("details", row_id=run.id, outcome=outcome or None, after=last)


def _asked() -> tuple[str, int]:
    """Return the outcome that the page is limited to, and the row after which it begins."""
    outcome = request.args.get("outcome", "")
    after = request.args.get("after", "0")
    if outcome and outcome not in OUTCOMES:
        raise BadRequest(_("There is no such outcome."))
    if not is_id(after):
        raise BadRequest(_("This page address is incomplete."))
    return outcome, int(after)


def _reason(actor: Actor, run: BulkRun) -> str:
    """Return why it was done, as far as the actor may read that."""
    (visible_run,) = disclosure.redacted(actor, BulkRun, [run], ("id", "reason"))
    return report.reason(visible_run.reason)


def _parameters(actor: Actor, run: BulkRun, action: Action) -> list[tuple[str, str]]:
    return [(label, ", ".join(names)) for label, names in report.chosen(actor, run, action)]


def _undo(screen: Screen, actor: Actor, run: BulkRun, action: Action) -> Undo:
    """Return what the page shows about undoing the run, and about the run that it undoes."""
    undoable = undoing.may_undo(actor, run, action)
    undo_of = None
    if run.undo_of_id:
        undo_of = screen.url_of("details", row_id=run.undo_of_id)
    return Undo(
        url=screen.url_of("take_back", row_id=run.id) if undoable else None,
        note=[str(sentence) for sentence in action.irreversible] if undoable else (),
        refused="" if undoable else undoing.refusal(actor, run, action),
        undone=_undone(run),
        undos=[screen.url_of("details", row_id=run_id) for run_id in undoing.undos(run)],
        undo_of=undo_of,
    )


def _rows(base: str, items: Sequence[report.Item]) -> list[ResultRow]:
    return [
        ResultRow(
            href=f"{base}{item.row_id}",
            number=str(_shown(item)),
            label=item.label,
            outcome=item.outcome,
            outcome_label=str(report.LABELS[item.outcome]),
            message=item.message,
        )
        for item in items
    ]


def _undone(run: BulkRun) -> str:
    """Return a sentence that says how much of the run was undone since, or ''."""
    undone = undoing.taken_back(run)
    done = run.counts.get("done", 0)
    if not undone:
        return ""
    if undone == done:
        return str(_("This run was undone."))
    text = _n(
        "Partly undone: %(undone)s of %(done)s rows.",
        "Partly undone: %(undone)s of %(done)s rows.",
        done,
        undone=formatted(undone),
        done=formatted(done),
    )
    return str(text)


def _done(actor: Actor, run: BulkRun, action: Action) -> str:
    # Rows that got their former values back are in no state that the action has a word for.
    if action.is_global or (run.undo_of_id and action.restores):
        return report.done(actor, run, action)
    # Translators: state is what a row is afterwards, such as "blocked" or "in the group".
    return _(
        "%(number)s of %(planned)s %(state)s.",
        number=formatted(run.counts.get("done", 0)),
        planned=formatted(run.planned),
        state=action.done,
    )


def _summary(actor: Actor, run: BulkRun, action: Action) -> list[str]:
    return [
        _done(actor, run, action),
        *report.unchanged(run, action),
        *report.refusals(actor, run, action),
        *report.stale(run),
        *report.left_out(actor, run),
    ]


def _counts(screen: Screen, run: BulkRun, current: str) -> list[ResultCount]:
    """Return a link for all rows and for each outcome, with the number of its rows."""
    present = [outcome for outcome in OUTCOMES if run.counts.get(outcome)]
    counts = [
        ("", _("All"), run.planned),
        *((outcome, str(report.LABELS[outcome]), run.counts[outcome]) for outcome in present),
    ]
    return [
        ResultCount(
            label=label,
            count=formatted(number),
            current=outcome == current,
            href=screen.url_of("details", row_id=run.id, outcome=outcome or None),
        )
        for outcome, label, number in counts
    ]


def _by(actor: Actor, run: BulkRun) -> str:
    name = db.session.scalar(select(named(actor, User)).where(User.id == run.actor_id))
    return name or str(_("Command line"))


def _shown(item: report.Item) -> int | str:
    return item.row_id if isinstance(item.row_id, int) else row_keys.shown(item.row_id)


def _csv(actor: Actor, run: BulkRun, action: Action) -> bytes:
    headings = [
        ("id", _("ID")),
        ("row", _("Row")),
        ("outcome", _("Outcome")),
        ("note", _("Note")),
    ]
    items = report.items(actor, run, action, limit=run.planned)
    rows = ([_shown(item), item.label, item.outcome, item.message] for item in items)
    return b"".join(formats(bom=configured().csv_bom)["csv"].write(headings, rows))
