"""The page of a preview: what will happen, to which rows, what is to be chosen and typed, and the button for it."""

from http import HTTPStatus
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action, Parameter
from backoffice.actions.engine.plan import Preview, checked_parameters
from backoffice.actions.engine.run import phrase
from backoffice.data import lists, records
from backoffice.errors import RuleBroken
from backoffice.models.bulk_run import OUTCOMES
from backoffice.policy.actor import Actor
from backoffice.text import cleaned
from forms.base import Form
from forms.fields import PickField
from views.screen.definition import Definition

MOST_OPTIONS = 200
MOST_CHOSEN = 1000  # of what was chosen in vain, to show it again
ROWS_LISTED = 50  # rows of each outcome that a preview lists; the others are counted
UNSEEN = "?"  # in place of a value that nobody can see
APART = "with."  # before the names of parameters: none is called like another field of the form


def page(screen: Definition, actor: Actor, shown: Preview) -> Any:
    """The page, with status 422 while it says why something was refused."""
    run, action, draft = shown.run, shown.action, shown.run.draft or {}
    problem = draft.get("problem") or _overtaken(actor, shown)
    form = _filled_form(actor, shown, problem) if action.parameters and not run.undo_of_id else None
    values = {
        "title": report.title(actor, run, action),
        "action_label": action.label,
        "danger": action.danger,
        "url": screen.preview_url(action, run.token),
        "back_href": draft.get("back") or screen.url_of("index"),
        "form": form,
        "ready": shown.ready,
        "problem": None,
    }
    field = (problem or {}).get("field")
    if problem and field not in ("reason", "confirm") and not (form and field in form):
        values["problem"] = problem["message"]
    if shown.ready:
        values |= _decided(
            screen, actor, shown, problem if field in ("reason", "confirm") else None
        )
    wrong = problem or (form and (form.errors or form.form_errors))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return screen.render("admin/preview.html", preview=values), status


def parameter_form(
    actor: Actor, action: Action, formdata: Any = None, data: dict[str, Any] | None = None
) -> Form:
    """The small form of an action that needs something chosen first."""
    fields = {p.name: _field(actor, p) for p in action.parameters}
    form: Form = type(f"{action.name}Form", (Form,), fields)(formdata, prefix=APART, data=data)
    return form


def values_of(form: Form) -> dict[str, list[Any]]:
    """What a valid form chose, by parameter."""
    return {
        f.short_name: f.data if isinstance(f.data, list) else [f.data] if f.data else []
        for f in form
    }


def typed_into(form: Form) -> dict[str, list[str]]:
    """What was sent, as it was sent, to show it again; what is no text at all stays a wrong choice."""

    def shown(text: str) -> str:
        return cleaned(text[:20]) or (text and UNSEEN)

    return {
        field.name: [shown(text) for text in (field.raw_data or ())[:MOST_CHOSEN]] for field in form
    }


def _overtaken(actor: Actor, shown: Preview) -> dict[str, Any] | None:
    """Why what was chosen can be chosen no more: others deleted it, or may not be given it by this person now."""
    if not shown.ready:
        return None
    try:
        checked_parameters(actor, shown.action, shown.run.parameters)
    except RuleBroken as error:
        return {"field": error.field, "message": error.message}
    return None


def _filled_form(actor: Actor, shown: Preview, problem: dict[str, Any] | None) -> Form:
    chosen = (shown.run.draft or {}).get("chosen")
    if chosen is not None:
        form = parameter_form(actor, shown.action, MultiDict(chosen))
        form.validate()
    else:
        several = {p.name: p.multiple for p in shown.action.parameters}
        given = {
            n: ids if several[n] else ids[0]
            for n, ids in shown.run.parameters.items()
            if n in several and ids
        }
        form = parameter_form(actor, shown.action, data=given)
    if problem and problem["field"] in form:
        form.refuse(RuleBroken(problem["message"], field=problem["field"]))
    return form


def _field(actor: Actor, parameter: Parameter) -> Any:
    def options(chosen: list[int]) -> tuple[list[tuple[int, str]], bool]:
        among = parameter.offered(actor)
        asked = {"actor": actor, "model": parameter.model, "among": among}
        first, more = records.options(**asked, limit=MOST_OPTIONS)
        others = [row_id for row_id in chosen if row_id not in dict(first)]
        return [
            *(records.options(**asked, ids=others, limit=len(others))[0] if others else ()),
            *first,
        ], more

    return PickField(parameter.label, multiple=parameter.multiple, required=True, find=options)


def _decided(
    screen: Definition, actor: Actor, shown: Preview, problem: dict[str, Any] | None
) -> dict[str, Any]:
    """What the page says once nothing is to be chosen any more."""
    run, action, draft = shown.run, shown.action, shown.run.draft or {}
    errors = {problem["field"]: problem["message"]} if problem else {}
    asks = not run.undo_of_id  # an undo says itself why
    return {
        "button": report.title(actor, run, action),
        "headline": _headline(actor, shown),
        "doable": run.counts.get("done", 0),
        "outcomes": _outcomes(screen, actor, shown),
        "reason_required": action.reason_required and asks,
        "reason": draft.get("reason", ""),
        "reason_error": errors.get("reason"),
        "confirm_phrase": phrase(action, run) if action.typed_confirmation and asks else None,
        "confirm": draft.get("confirm", ""),
        "confirm_error": errors.get("confirm"),
        "irreversible": undoing.lasting(run, action),
    }


def _headline(actor: Actor, shown: Preview) -> list[str]:
    run, action = shown.run, shown.action
    counts, found = run.counts, []
    if difference := _difference(run.planned, (run.draft or {}).get("matched")):
        found.append(difference)
    if unchanged := counts.get("unchanged", 0):
        found.append(f"{unchanged:,} would not change: already {action.done}.")
    if stale := counts.get("stale", 0):
        found.append(f"{stale:,} left alone: changed by somebody since.")
    found += report.refusals(actor, run, action)
    if run.undo_of_id:
        found += undoing.foretold(actor, run)
    found += [(one if n == 1 else many).format(n=f"{n:,}") for one, many, n in shown.effects]
    if shown.missing:
        found.append(f"{shown.missing:,} of the chosen rows are no longer there.")
    return found


def _difference(now: int, then: int | None) -> str:
    """What to say where the list counted others than are here: it counts no further than COUNT_CAP."""
    if then is None or min(now, lists.COUNT_CAP + 1) == then:
        return ""
    before = f"{lists.COUNT_CAP:,}+" if then > lists.COUNT_CAP else f"{then:,}"
    return f"{before} matched when you looked, {now:,} match now."


def _outcomes(screen: Definition, actor: Actor, shown: Preview) -> list[dict[str, Any]]:
    done = shown.action.done
    labels = {
        "done": f"Will be {done}",
        "unchanged": f"Already {done}",
        "stale": _("Changed since"),
    }
    base, found = screen.url_of("index"), []
    for outcome, number in sorted(
        shown.run.counts.items(), key=lambda pair: OUTCOMES.index(pair[0])
    ):
        rows = report.items(actor, shown.run, shown.action, outcome=outcome, limit=ROWS_LISTED)
        found.append(
            {
                "name": outcome,
                "label": labels.get(outcome, outcome.capitalize()),
                "count": number,
                "rows": [
                    {
                        "href": f"{base}{i.row_id}",
                        "number": i.row_id,
                        "label": i.label,
                        "message": i.message,
                    }
                    for i in rows
                ],
                "more": max(0, number - ROWS_LISTED),
            }
        )
    return found
