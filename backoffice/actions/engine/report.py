"""Describe a preview or a run: its title, its rows by outcome, and why rows were refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import ColumnElement, Row, func, select

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.parameters import Parameter
from backoffice.actions.engine.plan import Preview, chosen_for, rows_to_change
from backoffice.actions.engine.rules import Counted
from backoffice.actions.engine.run import OF_REFUSAL, OF_UNDO
from backoffice.clients import groups, kyc
from backoffice.data import disclosure
from backoffice.errors import NotFound, RuleBroken
from backoffice.events.denials import FLOOD
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Entity
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of
from backoffice.models.row_keys import RowKey
from backoffice.people import viewing
from backoffice.policy.actor import Actor
from backoffice.policy.rules import about, named
from backoffice.text import capital, refilled, shortened, values_in
from backoffice.text.numbers import formatted

LABELS = {
    "done": _l("Done"),
    "unchanged": _l("Unchanged"),
    "refused": _l("Refused"),
    "stale": _l("Changed since"),
    "failed": _l("Failed"),
}
WORDS_OF_TITLE = 60  # characters of each parameter
REASONS = 20  # why rows were refused; the list of rows has all
OWN_REASONS = (
    *(OF_UNDO, OF_REFUSAL, FLOOD, *viewing.ENDINGS),
    *(groups.FOLLOWED, kyc.CLIENT_DELETED),
)


@dataclass(frozen=True)
class Item:
    """One row of a run. `message` says why it was refused.

    `number` is the one by which the run knows it, and `row_id` its id.
    """

    number: int
    row_id: RowKey
    label: str
    outcome: str
    message: str = ""


def action_of(run: BulkRun) -> Action:
    """Return the action that was run.

    Raises NotFound if this version of the product does not have it any more.
    """
    action = find(run.action)
    if action is None:
        raise NotFound(_("This action no longer exists."))
    return action


def items(
    actor: Actor,
    run: BulkRun,
    action: Action,
    *,
    outcome: str = "",
    after: int | None = 0,
    limit: int = 50,
) -> list[Item]:
    """Return up to `limit` rows of a run in the order of their numbers.

    Only rows with a number above `after` are returned, or all with None, which some existing tables
    have below 0. With `outcome`, only those that have it are.
    Of other people's runs, rows that the actor does not see are left out.
    """
    shown = [BulkItem.run_id == run.id]
    if after is not None:
        shown.append(BulkItem.row_id > after)
    shown.append(disclosure.told_items(actor, run, action.model))
    if outcome:
        shown.append(BulkItem.outcome == outcome)
    found = _found(actor, action.model, shown, limit)
    others = _others(actor, action.model, run, [row[0] for row in found])
    return [
        _item(action, number, row_id, _called(name, others.get(number)), *rest)
        for number, row_id, name, *rest in found
    ]


def _found(
    actor: Actor, model: type[Entity], shown: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the number, id, name, outcome, rule and message of each row that is shown."""
    key = key_of(model)
    why = (BulkItem.rule, BulkItem.message)
    statement = (
        select(BulkItem.row_id, key.label("key"), named(actor, model), BulkItem.outcome, *why)
        .select_from(BulkItem)
        .outerjoin(model, model.id == key)
        .where(*shown)
        .order_by(BulkItem.row_id)
    )
    return db.session.execute(statement.limit(limit)).all()


def _called(name: str | None, other: str | None) -> str | None:
    return f"{name} ({other})" if name and other else name


def _others(
    actor: Actor, model: type[Entity], run: BulkRun, numbers: Sequence[int]
) -> dict[int, str]:
    """Return what the rows are called that rows of a run are about, by the numbers of these."""
    others = about(actor, model)
    if others is None or not numbers:
        return {}
    names = others.add_columns(BulkItem.row_id).join(BulkItem, key_of(model) == model.id)
    names = names.where(BulkItem.run_id == run.id, BulkItem.row_id.between(numbers[0], numbers[-1]))
    return {number: name for _row_id, name, number in db.session.execute(names)}


def _item(
    action: Action, number: int, row_id: RowKey, name: str | None, outcome: str, *why: str
) -> Item:
    rule, message = why
    # A row that was deleted has no name any more.
    label = name or f"{capital(action.model.noun())} {row_keys.shown(row_id)}"
    return Item(number, row_id, label, outcome, message or action.sentence(rule, label))


def refusals(actor: Actor, run: BulkRun, action: Action) -> list[str]:
    """Return one sentence for every reason that refused rows; it names the first of them.

    Rows that `items` leaves out do not count.
    """
    why = (BulkItem.rule, BulkItem.message)
    is_told = disclosure.told_items(actor, run, action.model)
    statement = (
        select(*why, func.count(), func.min(BulkItem.row_id))
        .where(BulkItem.run_id == run.id, BulkItem.outcome == "refused", is_told)
        .group_by(*why)
        .order_by(func.count().desc(), *why)
        .limit(REASONS)
    )
    return [
        _refusal(number, message or action.sentence(rule, _name(actor, run, action, first_id)))
        for rule, message, number, first_id in db.session.execute(statement).all()
    ]


def _name(actor: Actor, run: BulkRun, action: Action, number: int) -> str:
    (item,) = items(actor, run, action, after=number - 1, limit=1)
    return item.label


def _refusal(number: int, sentence: str) -> str:
    """Return how many rows a rule refused; `sentence` says why, and names one of them."""
    others = number - 1
    if not others:
        return str(_("1 refused: %(sentence)s", sentence=sentence))
    text = _n(
        "%(all)s refused: %(sentence)s (and %(others)s more)",
        "%(all)s refused: %(sentence)s (and %(others)s more)",
        others,
        all=formatted(number),
        sentence=sentence,
        others=formatted(others),
    )
    return str(text)


def brief(actor: Actor, run: BulkRun, action: Action) -> str:
    """Say in one line what was done: "45 people blocked. 2 refused."."""
    sentences = [done(actor, run, action)]
    if unchanged := run.counts.get("unchanged"):
        number = formatted(unchanged)
        text = _n("%(number)s unchanged.", "%(number)s unchanged.", unchanged, number=number)
        sentences.append(text)
    if refused := run.counts.get("refused"):
        number = formatted(refused)
        sentences.append(_n("%(number)s refused.", "%(number)s refused.", refused, number=number))
    return " ".join([*sentences, *stale(run)])


def done(actor: Actor, run: BulkRun, action: Action) -> str:
    """Say how many rows were changed, and how they are now: "45 people blocked."."""
    number = run.counts.get("done", 0)
    if run.undo_of_id and action.restores:
        return str(_("%(rows)s restored.", rows=action.model.counted(number)))
    return action.resulted(number, _choices(actor, run, action))


def stale(run: BulkRun) -> list[str]:
    """Return the sentence about rows that somebody changed meanwhile, if there are any."""
    rows = run.counts.get("stale")
    if not rows:
        return []
    text = _n(
        "%(number)s left alone: changed by somebody since.",
        "%(number)s left alone: changed by somebody since.",
        rows,
        number=formatted(rows),
    )
    return [text]


def unchanged(run: BulkRun, action: Action) -> list[str]:
    """Return the sentence about rows that are already as the action makes them, if there are any.

    A preview says what would be, a run what was.
    """
    rows = run.counts.get("unchanged")
    if not rows:
        return []
    values = {"number": formatted(rows), "done": action.done}
    if run.state == "planned":
        # Translators: done is what a row is afterwards, such as "blocked" or "in the group".
        text = _n(
            "%(number)s would not change: already %(done)s.",
            "%(number)s would not change: already %(done)s.",
            rows,
            **values,
        )
    else:
        text = _n(
            "%(number)s did not change: already %(done)s.",
            "%(number)s did not change: already %(done)s.",
            rows,
            **values,
        )
    return [text]


def predicted_outcome(run: BulkRun, action: Action, outcome: str) -> str:
    """Return what a preview calls the rows with this outcome, such as "Will be blocked"."""
    if outcome == "done" and run.undo_of_id and action.restores:
        return str(_("Will be restored"))
    if outcome == "done":
        # Translators: done is what a row is afterwards, such as "blocked" or "in the group".
        return str(_("Will be %(done)s", done=action.done))
    if outcome == "unchanged":
        return str(_("Already %(done)s", done=action.done))
    return str(LABELS[outcome])


def side_effects(preview: Preview) -> list[str]:
    """Return a sentence for each side effect of a preview, such as "Ends 14 sessions."."""
    return [Counted(one, many).text(number) for one, many, number in preview.effects]


def warnings(actor: Actor, preview: Preview) -> list[str]:
    """Return what the action warns of before it is run; nothing once the run is over."""
    run, action = preview.run, preview.action
    if not preview.ready or run.state != "planned":
        return []
    rows = rows_to_change(action.model, run.id)
    try:
        chosen = chosen_for(action, run)
    except RuleBroken:  # which the preview says at its field
        return []
    return action.warnings(ActionContext(actor, rows, chosen, undo_of=run.undo_of_id), rows)


def reason(text: str | None) -> str:
    """Return the reason of an event or a run in the language of its reader.

    What people typed stays as it is.
    """
    return refilled(text or "", OWN_REASONS)


def event_reason(action_code: str, text: str, label: str) -> str:
    """Return the reason of an event about the row called `label`, in the language of its reader.

    Where a rule refused the row, this is the sentence of the rule.
    """
    action = find(action_code)
    refusal = values_in(text, OF_REFUSAL)
    sentence = action.sentence(refusal["rule"], label) if action and refusal else ""
    return sentence or reason(text)


def title(actor: Actor, run: BulkRun, action: Action) -> str:
    """Say what the run does, and to how many rows: "Block 10 people"."""
    number = run.counts.get("done", 0)
    text = action.titled(number, _choices(actor, run, action))
    return str(_("Undo: %(title)s", title=text)) if run.undo_of_id else text


def _choices(actor: Actor, run: BulkRun, action: Action) -> str:
    """Return what was chosen for a run, in words, as titles and results say it."""
    words = ", ".join(
        shortened(label, WORDS_OF_TITLE)
        for name, parameter in _shown(actor, run, action)
        for label in parameter.in_title(actor, run.parameters[name])
    )
    return words or "…"


def chosen(actor: Actor, run: BulkRun, action: Action) -> list[tuple[str, list[str]]]:
    """Return the parameters of a run as pairs of a label and what was chosen, in words."""
    return [
        (str(parameter.label), parameter.told(actor, run.parameters[name]))
        for name, parameter in _shown(actor, run, action)
    ]


def left_out(actor: Actor, run: BulkRun) -> list[str]:
    """Return the sentence about rows that are not shown to the actor, if there are any."""
    if disclosure.reads_run(actor, run):
        return []
    return [_("Rows that you do not see are left out, and so is why it was done.")]


def _shown(actor: Actor, run: BulkRun, action: Action) -> list[tuple[str, Parameter]]:
    """Return the parameters of a run for which something was chosen, with their names.

    Parameters whose rows the actor does not see are left out: even their number would tell who has
    what. So are all of a run on rows that the actor does not see.
    """
    if not (disclosure.reads_run(actor, run) and action.tells(actor, run.parameters)):
        return []
    return [
        (name, parameter)
        for name, parameter in action.parameters.items()
        if run.parameters.get(name) and action.shows(actor, name)
    ]
