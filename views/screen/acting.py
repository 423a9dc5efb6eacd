"""Acting on rows: the preview that a POST asks for, and the run that its token allows, once."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import redirect, request, url_for

from backoffice.actions import report
from backoffice.actions.action import Action, Parameter, find
from backoffice.actions.plan import Preview, Selection, preview
from backoffice.actions.report import titled
from backoffice.actions.run import phrase, run
from backoffice.errors import BadRequest, Beyond, NotFound, RuleBroken
from backoffice.extensions import configured, db
from backoffice.models.bulk_run import OUTCOMES
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from backoffice.services import records
from backoffice.text import duration, is_id
from forms.base import Form
from forms.fields import PickField
from views.account import confirmation
from views.errors import note_denial
from views.returning import safe_path

if TYPE_CHECKING:
    from views.screen.screen import Screen

MOST_OPTIONS = 200
SHOWN = 50  # rows of each outcome that a preview lists; the others are counted
OWN_FIELDS = (
    "csrf_token",
    "row",
    "all_matching",
    "selection",
    "reason",
    "confirm",
    "back",
    *confirmation.OWN_FIELDS,
    "sort",
    "size",
    "after",
    "before",
)


def answer(screen: "Screen", actor: Actor, name: str) -> Any:
    """The preview of the action, or with a selection token its run."""
    action = find(f"{screen.endpoint}.{name.replace('-', '_')}")
    if action is None or not action.offered or (action.name == "delete" and not screen.has("delete")):
        raise NotFound("There is no such action.")
    require(actor, action.permission)
    if token := request.form.get("selection"):
        return _run(screen, actor, action, token)
    selection = _selection(screen, actor, action)
    form = _parameter_form(actor, action)
    if form is not None and not (all(field.raw_data for field in form) and form.validate()):
        return _ask_parameters(screen, action, form)
    return _preview(screen, actor, action, selection, form)


def _run(screen: "Screen", actor: Actor, action: Action, token: str) -> Any:
    words = {"reason": request.form.get("reason", ""), "confirmation": request.form.get("confirm", "")}
    revealed: list[str] = []
    try:
        done = run(actor=actor, token=token, action=action, reveal=revealed.append, **words)
        db.session.commit()
    except RuleBroken as error:
        db.session.rollback()
        if error.field not in ("reason", "confirm"):
            raise
        shown = Preview(report.planned(actor=actor, token=token), action)
        return _show(screen, actor, shown, None, error=error), HTTPStatus.UNPROCESSABLE_ENTITY
    href = url_for("bulk_runs.details", row_id=done.id)
    if revealed:
        label = report.items(actor, done, action, outcome="done", limit=1)[0].label
        shown = {"label": label, "password": revealed[0], "valid": duration(configured().temporary_password_valid)}
        return screen.render("account/temporary_password.html", href=href, **shown)
    return redirect(href, HTTPStatus.SEE_OTHER)


def _preview(screen: "Screen", actor: Actor, action: Action, selection: Selection, form: Form | None) -> Any:
    parameters = {field.name: field.data if isinstance(field.data, list) else [field.data] for field in form or ()}
    try:
        shown = preview(actor=actor, action=action, selection=selection, parameters=parameters)
        db.session.commit()
    except RuleBroken as error:
        db.session.rollback()
        if form is None:
            raise
        if isinstance(error, Beyond):
            note_denial(error)
        form.refuse(error)
        return _ask_parameters(screen, action, form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _show(screen, actor, shown, form)


def _selection(screen: "Screen", actor: Actor, action: Action) -> Selection:
    if request.values.get("all_matching") == "1":
        return Selection(query=screen.query(actor, _list_pairs(action)))
    texts = request.form.getlist("row")
    if not all(map(is_id, texts)):
        raise BadRequest("One of the chosen rows has no proper number.")
    if not texts:
        raise BadRequest("Choose at least one row first.")
    return Selection(ids=sorted({int(text) for text in texts}))


def _list_pairs(action: Action) -> list[tuple[str, str]]:
    """The list's query, which comes in the form or in the address."""
    skipped = (*OWN_FIELDS, *(parameter.name for parameter in action.parameters))
    return [
        pair for source in (request.args, request.form) for pair in source.items(multi=True) if pair[0] not in skipped
    ]


def _parameter_form(actor: Actor, action: Action) -> Form | None:
    """The small form of an action that needs something chosen first."""
    if not action.parameters:
        return None
    fields = {p.name: _field(actor, p) for p in action.parameters}
    form: Form = type(f"{action.name}Form", (Form,), fields)(request.form)
    return form


def _field(actor: Actor, parameter: Parameter) -> Any:
    def options(_chosen: Any) -> tuple[list[tuple[int, str]], bool]:
        return records.options(actor=actor, model=parameter.model, limit=MOST_OPTIONS, among=parameter.offered(actor))

    return PickField(parameter.label, multiple=parameter.multiple, required=True, find=options)


def _ask_parameters(screen: "Screen", action: Action, form: Form) -> str:
    """The preview page before anything is chosen."""
    texts = {"title": titled(action, len(request.form.getlist("row"))), "action_label": action.label}
    if request.values.get("all_matching") == "1":
        texts["title"] = action.label
    return _render(screen, action, **texts, form=form, ready=False, hidden=_hidden(action))


def _show(screen: "Screen", actor: Actor, shown: Preview, form: Form | None, error: RuleBroken | None = None) -> str:
    """The preview page: what will happen, to which rows, and the button that says so."""
    run_, action = shown.run, shown.action
    name, problem = (error.field, error.message) if error else (None, None)
    return _render(
        screen,
        action,
        form=form,
        ready=True,
        hidden=_hidden(action),
        title=report.title(actor, run_, action),
        action_label=action.label,
        button=report.title(actor, run_, action),
        token=str(run_.token),
        headline=_headline(actor, shown),
        doable=run_.counts.get("done", 0),
        outcomes=_outcomes(screen, actor, shown),
        reason=request.form.get("reason", ""),
        reason_error=problem if name == "reason" else None,
        confirm_phrase=phrase(action, run_) if action.typed_confirmation else None,
        confirm_error=problem if name == "confirm" else None,
        irreversible=action.lasting,
    )


def _render(screen: "Screen", action: Action, **shown: Any) -> str:
    common = {
        "danger": action.danger,
        "url": screen.action_url(action),
        "reason_required": action.reason_required,
        "back_href": safe_path(request.form.get("back"), screen.url_of("index")),
        "token": None,
    }
    return screen.render("admin/preview.html", preview=common | shown)


def _hidden(action: Action) -> list[tuple[str, str]]:
    """What chose the rows, to choose them again with other parameters."""
    chosen = [("row", value) for value in request.form.getlist("row")]
    if request.values.get("all_matching") == "1":
        chosen = [("all_matching", "1"), *_list_pairs(action)]
    return [*chosen, *(("back", value) for value in request.form.getlist("back")[:1])]


def _headline(actor: Actor, shown: Preview) -> list[str]:
    counts, found = shown.run.counts, []
    if unchanged := counts.get("unchanged", 0):
        found.append(f"{unchanged:,} would not change: already {shown.action.done}.")
    found += report.refusals(actor, shown.run, shown.action)
    found += [(one if n == 1 else many).format(n=f"{n:,}") for one, many, n in shown.effects]
    if shown.missing:
        found.append(f"{shown.missing:,} of the chosen rows are no longer there.")
    return found


def _outcomes(screen: "Screen", actor: Actor, shown: Preview) -> list[dict[str, Any]]:
    labels = {"done": f"Will be {shown.action.done}", "unchanged": f"Already {shown.action.done}"}
    base, found = screen.url_of("index"), []
    for outcome, number in sorted(shown.run.counts.items(), key=lambda pair: OUTCOMES.index(pair[0])):
        rows = report.items(actor, shown.run, shown.action, outcome=outcome, limit=SHOWN)
        found.append(
            {
                "name": outcome,
                "label": labels.get(outcome, outcome.capitalize()),
                "count": number,
                "rows": [{"href": f"{base}{i.row_id}", "label": i.label, "message": i.message} for i in rows],
                "more": max(0, number - SHOWN),
            }
        )
    return found
