"""Describe a preview or a run: its title, its rows by outcome, and why rows were refused."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from backoffice.actions.engine.action import Action, find
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named, sees
from backoffice.text import plural


@dataclass(frozen=True)
class Item:
    """One row of a run. `message` says why it was refused."""

    row_id: int
    label: str
    outcome: str
    message: str = ""


def action_of(run: BulkRun) -> Action:
    """Return the action that was run.

    Raises NotFound if this version of the product does not have it any more.
    """
    action = find(run.action)
    if action is None:
        raise NotFound("This action no longer exists.")
    return action


def items(
    actor: Actor,
    run: BulkRun,
    action: Action,
    *,
    outcome: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Item]:
    """Return up to `limit` rows of a run in the order of their ids.

    Only rows with an id above `after` are returned and, with `outcome`, only those that have it.
    """
    model = action.model
    statement = (
        select(BulkItem.row_id, named(actor, model), BulkItem.outcome, BulkItem.rule)
        .outerjoin(model, model.id == BulkItem.row_id)
        .where(BulkItem.run_id == run.id, BulkItem.row_id > after)
        .order_by(BulkItem.row_id)
        .limit(limit)
    )
    if outcome:
        statement = statement.where(BulkItem.outcome == outcome)
    return [_item(action, *row) for row in db.session.execute(statement)]


def _item(action: Action, row_id: int, name: str | None, outcome: str, rule: str) -> Item:
    # A row that was deleted has no name any more.
    label = name or f"{action.model.__singular__.capitalize()} {row_id}"
    return Item(row_id, label, outcome, action.sentence(rule, label))


def refusals(actor: Actor, run: BulkRun, action: Action) -> list[str]:
    """Return one sentence for every rule that refused rows; it names the first of them."""
    statement = (
        select(BulkItem.rule, func.count(), func.min(BulkItem.row_id))
        .where(BulkItem.run_id == run.id, BulkItem.outcome == "refused")
        .group_by(BulkItem.rule)
    )
    sentences = []
    for rule, number, first_id in db.session.execute(statement).all():
        name = select(named(actor, action.model)).where(action.model.id == first_id)
        label = db.session.scalar(name) or str(first_id)
        others = f" (and {number - 1:,} more)" if number > 1 else ""
        sentences.append(f"{number:,} refused: {action.sentence(rule, label)}{others}")
    return sentences


def brief(run: BulkRun, action: Action) -> str:
    """Say in one line what was done: "45 people blocked. 2 refused."."""
    counts = run.counts
    done = plural(counts.get("done", 0), action.model.__singular__, action.model.__plural__)
    sentences = [f"{done} {action.done}."]
    if unchanged := counts.get("unchanged"):
        sentences.append(f"{unchanged:,} unchanged.")
    if refused := counts.get("refused"):
        sentences.append(f"{refused:,} refused.")
    if stale := counts.get("stale"):
        sentences.append(f"{stale:,} left alone: changed by somebody since.")
    return " ".join(sentences)


def title(actor: Actor, run: BulkRun, action: Action) -> str:
    """Say what the run does, and to how many rows: "Block 10 people"."""
    number = run.counts.get("done", 0)
    choices = ", ".join(label for _, labels in chosen(actor, run, action) for label in labels)
    text = titled(action, number, choices or "…")
    return f"Undo: {text}" if run.undo_of_id else text


def titled(action: Action, number: int, choices: str = "…") -> str:
    """Return the title of an action over `number` rows."""
    rows = plural(number, action.model.__singular__, action.model.__plural__)
    return action.title.format(label=action.label, rows=rows, chosen=choices)


def chosen(actor: Actor, run: BulkRun, action: Action) -> list[tuple[str, list[str]]]:
    """Return the parameters of a run as pairs of a label and the names of the chosen rows.

    Parameters whose rows the actor does not see are left out.
    """
    parameters: list[tuple[str, list[str]]] = []
    for parameter in action.parameters:
        model: Any = parameter.model
        if not sees(actor, model):  # even their number would tell who has what
            continue
        ids = run.parameters.get(parameter.name, [])
        names = select(named(actor, model)).where(model.id.in_(ids)).order_by(model.id)
        parameters.append((parameter.label, list(db.session.scalars(names))))
    return parameters
