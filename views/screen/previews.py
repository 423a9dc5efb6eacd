"""Show a preview: what happens to which rows, what is to be chosen and typed, and the button."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TypedDict

from flask_babel import ngettext as _n
from werkzeug.datastructures import MultiDict

from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.plan import Preview, rows_of
from backoffice.actions.engine.run import phrase
from backoffice.data import lists
from backoffice.errors import RuleBroken
from backoffice.models import fields, row_keys
from backoffice.models.bulk_run import OUTCOMES, BulkRun
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.text.numbers import formatted
from forms.base import Form
from views.screen import parameter_forms, present_row, uploads
from views.screen.definition import Definition
from views.screen.pages import Outcome, OutcomeRow, PreviewPage
from views.screen.parameter_forms import Asked, ParameterForm
from views.web.answers import Answer
from views.web.event_values import side_by_side

ROWS_LISTED = 50  # rows of each outcome that a preview lists; the others are counted
RUN_FIELDS = ("reason", "confirm")  # fields that stand with the button, not with the parameters


class Problem(TypedDict):
    """Why an action was refused, at which field, as the draft of its run keeps it."""

    field: str | None
    message: str


class Typed(TypedDict, total=False):
    """What was typed into a preview in vain, as the draft of its run keeps it."""

    chosen: dict[str, list[str]] | None
    reason: str
    confirm: str
    problem: Problem | None


def page(screen: Definition, actor: Actor, shown: Preview) -> Answer:
    """Show the page; its status is 422 if it says why something was refused."""
    overtaken = _overtaken(actor, shown)  # which may also refuse the page as a whole
    problem = (shown.run.draft or {}).get("problem") or overtaken
    form = None
    if shown.action.parameters and not shown.run.undo_of_id:
        form = _filled_form(screen, actor, shown, problem)

    view = _head(screen, actor, shown, form, problem)
    if shown.ready:
        is_run_field = problem and problem.get("field") in RUN_FIELDS
        view = _decided(view, screen, actor, shown, problem if is_run_field else None)

    is_wrong = problem or (form is not None and (form.errors or form.form_errors))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return screen.render("admin/preview.html", preview=view), status


def _head(
    screen: Definition, actor: Actor, shown: Preview, form: Form | None, problem: Problem | None
) -> PreviewPage:
    """Return the page as it is while something is still to be chosen."""
    run = shown.run
    action = shown.action
    return PreviewPage(
        title=report.title(actor, run, action),
        url=screen.preview_url(action, run.token),
        back_href=(run.draft or {}).get("back") or screen.url_of("index"),
        danger=action.danger,
        form=form,
        present=present_row.facts(screen, actor, shown) if form is not None else (),
        problem=_problem_of_page(problem, form),
        ready=shown.ready,
    )


def _problem_of_page(problem: Problem | None, form: Form | None) -> str | None:
    """Return the message of a problem that no field on the page shows."""
    if not problem:
        return None
    field = problem.get("field")
    if field in RUN_FIELDS or (form is not None and field is not None and field in form):
        return None
    return str(problem["message"])


def _overtaken(actor: Actor, shown: Preview) -> Problem | None:
    """Return why the chosen parameters are no longer possible, or None if they are.

    They may have been deleted meanwhile, or this person may not give them any more.
    """
    if not shown.ready:
        return None
    if shown.run.undo_of_id and shown.action.restores:
        shown.action.require_readable(actor, shown.run.parameters)
        return None
    try:
        if shown.run.undo_of_id:
            shown.action.checked(actor, shown.run.parameters)
        else:
            shown.action.accepted(actor, shown.run.parameters)
    except RuleBroken as error:
        return {"field": error.field, "message": error.message}
    return None


def asked(screen: Definition, actor: Actor, action: Action, run: BulkRun) -> Asked:
    """Return whom the form of a planned run asks, and for what."""
    page = partial(screen.url_of, "look_up", action=action.name.replace("_", "-"), token=run.token)
    rows = rows_of(action.model, run.id)
    return Asked(actor, action, rows, url_of=lambda name: page(parameter=name))


def _filled_form(screen: Definition, actor: Actor, shown: Preview, problem: Problem | None) -> Form:
    """Return the form with what was typed in vain, or else with what was chosen."""
    draft = shown.run.draft or {}
    wanted = asked(screen, actor, shown.action, shown.run)
    if draft.get("chosen") is not None:
        form, problem = _typed_form(wanted, draft["chosen"], problem)
    else:
        stored = shown.run.parameters or draft.get("suggested")
        form = parameter_forms.form_of(wanted, stored=stored)
    parameter_forms.tell_kept(form, shown.run.parameters)
    uploads.show(actor, form, shown.action.code())
    if problem and (problem["field"] or "") in form:
        form.refuse(RuleBroken(problem["message"], field=problem["field"]))
    return form


def _typed_form(
    wanted: Asked, typed: dict[str, list[str]], problem: Problem | None
) -> tuple[ParameterForm, Problem | None]:
    """Return the form with what was typed in vain, and the problem that it does not show yet."""
    form = parameter_forms.form_of(wanted, MultiDict(typed))
    uploads.receive(wanted.actor, form, wanted.action.code())
    if problem and uploads.complain(form, problem["field"], problem["message"]):
        problem = None
    form.validate()
    return form, problem


def _decided(
    view: PreviewPage,
    screen: Definition,
    actor: Actor,
    shown: Preview,
    problem: Problem | None,
) -> PreviewPage:
    """Add what the page shows once nothing is to be chosen any more."""
    run = shown.run
    action = shown.action
    draft = run.draft or {}
    errors = {problem["field"]: problem["message"]} if problem else {}
    asks = not run.undo_of_id  # an undo needs no reason of its own
    return replace(
        view,
        headline=_headline(actor, shown),
        doable=1 if action.is_global else run.counts.get("done", 0),
        outcomes=_outcomes(screen, actor, shown),
        irreversible=undoing.irreversible(run, action),
        button=view.title,
        reason_required=action.reason_required and asks,
        reason=draft.get("reason", ""),
        reason_error=errors.get("reason"),
        confirm_phrase=phrase(action, run) if action.typed_confirmation and asks else None,
        confirm=draft.get("confirm", ""),
        confirm_error=errors.get("confirm"),
    )


def _headline(actor: Actor, shown: Preview) -> list[str]:
    """Return the sentences above the rows: what differs, what is refused, what else happens."""
    run = shown.run
    sentences = [*_left_alone(actor, shown), *report.refusals(actor, run, shown.action)]
    if run.undo_of_id:
        sentences += undoing.left_out(actor, run)
    sentences += report.side_effects(shown)
    sentences += report.warnings(actor, shown)
    if shown.missing:
        text = _n(
            "%(number)s of the chosen rows are no longer there.",
            "%(number)s of the chosen rows are no longer there.",
            shown.missing,
            number=formatted(shown.missing),
        )
        sentences.append(text)
    return sentences


def _left_alone(actor: Actor, shown: Preview) -> list[str]:
    """Return the sentences about rows that are not as the actor saw them, or need no change."""
    run = shown.run
    most = lists.cap(actor, shown.action.model)
    difference = _difference(run.planned, (run.draft or {}).get("matched"), most)
    sentences = [difference] if difference else []
    return [*sentences, *report.unchanged(run, shown.action), *report.stale(run)]


def _difference(now: int, then: int | None, most: int) -> str:
    """Return a sentence if the list counted other rows than match now.

    The list counts no further than `most`, so the numbers are compared up to there.
    """
    if then is None or min(now, most + 1) == then:
        return ""
    return _n(
        "%(before)s matched when you looked, %(now)s match now.",
        "%(before)s matched when you looked, %(now)s match now.",
        now,
        before=lists.capped(then, most),
        now=formatted(now),
    )


def _outcomes(screen: Definition, actor: Actor, shown: Preview) -> list[Outcome]:
    """Return the outcomes that rows have, in the order of OUTCOMES, each with its first rows."""
    counts = shown.run.counts
    return [
        _outcome(screen, actor, shown, outcome, counts[outcome])
        for outcome in sorted(counts, key=OUTCOMES.index)
    ]


def _outcome(
    screen: Definition, actor: Actor, shown: Preview, outcome: str, number: int
) -> Outcome:
    base = screen.url_of("index")
    items = report.items(actor, shown.run, shown.action, outcome=outcome, limit=ROWS_LISTED)
    restored = _restored(screen, actor, shown, items) if outcome == "done" else {}
    rows = [
        OutcomeRow(
            f"{base}{item.row_id}",
            row_keys.shown(item.row_id),
            item.label,
            item.message or restored.get(item.number, ""),
        )
        for item in items
    ]
    label = report.predicted_outcome(shown.run, shown.action, outcome)
    return Outcome(outcome, label, number, rows, more=max(0, number - ROWS_LISTED))


def _restored(
    screen: Definition, actor: Actor, shown: Preview, items: Sequence[report.Item]
) -> dict[int, str]:
    """Return what an undo gives back to rows, in words, as far as the actor may read that."""
    run, action = shown.run, shown.action
    if not (run.undo_of_id and action.restores):
        return {}
    model = action.model
    names = [
        name
        for name in screen.readable(actor, action.restores)
        if fields.kind(model, name) and not masking.is_masked(actor, model, name)
    ]
    memories = undoing.remembered(run, [item.number for item in items])
    return {number: _former(screen, names, memory) for number, memory in memories.items()}


def _former(screen: Definition, names: Sequence[str], memory: Mapping[str, object]) -> str:
    return ", ".join(
        f"{screen.label_of(name)}: {side_by_side(screen.model, name, memory[name], None)[0]}"
        for name in names
        if name in memory
    )
