"""What a preview or a run has to tell: its rows by outcome with their names, and why some were refused."""

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
    """The action that was run. Raises NotFound where this version of the product has it no more."""
    if (action := find(run.action)) is None:
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
    """Rows of a run by number, from the one behind `after` on; with `outcome` only those."""
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
    rows = db.session.execute(statement)
    found = (
        (row_id, label or f"{model.__singular__.capitalize()} {row_id}", o, rule)
        for row_id, label, o, rule in rows
    )
    return [
        Item(row_id, label, o, action.sentence(rule, label)) for row_id, label, o, rule in found
    ]


def refusals(actor: Actor, run: BulkRun, action: Action) -> list[str]:
    """One sentence for every rule that refused rows, the first of them by name."""
    statement = (
        select(BulkItem.rule, func.count(), func.min(BulkItem.row_id))
        .where(BulkItem.run_id == run.id, BulkItem.outcome == "refused")
        .group_by(BulkItem.rule)
    )
    found = []
    for rule, number, first in db.session.execute(statement).all():
        label = db.session.scalar(
            select(named(actor, action.model)).where(action.model.id == first)
        ) or str(first)
        others = f" (and {number - 1:,} more)" if number > 1 else ""
        found.append(f"{number:,} refused: {action.sentence(rule, label)}{others}")
    return found


def brief(run: BulkRun, action: Action) -> str:
    """What was done, in one line: "45 people blocked. 2 refused."."""
    counts = run.counts
    done = plural(counts.get("done", 0), action.model.__singular__, action.model.__plural__)
    said = [f"{done} {action.done}."]
    if unchanged := counts.get("unchanged"):
        said.append(f"{unchanged:,} unchanged.")
    if refused := counts.get("refused"):
        said.append(f"{refused:,} refused.")
    if stale := counts.get("stale"):
        said.append(f"{stale:,} left alone: changed by somebody since.")
    return " ".join(said)


def title(actor: Actor, run: BulkRun, action: Action) -> str:
    """What the run does, to how many rows: "Block 10 people"."""
    number = run.counts.get("done", 0)
    choices = ", ".join(label for _, labels in chosen(actor, run, action) for label in labels)
    found = titled(action, number, choices or "…")
    return f"Undo: {found}" if run.undo_of_id else found


def titled(action: Action, number: int, choices: str = "…") -> str:
    """The title of an action over `number` rows."""
    rows = plural(number, action.model.__singular__, action.model.__plural__)
    return action.title.format(label=action.label, rows=rows, chosen=choices)


def chosen(actor: Actor, run: BulkRun, action: Action) -> list[tuple[str, list[str]]]:
    """The parameters of a run as (label, names of the chosen rows)."""
    found: list[tuple[str, list[str]]] = []
    for parameter in action.parameters:
        model: Any = parameter.model
        if not sees(actor, model):  # even a number would tell who has what
            continue
        ids = run.parameters.get(parameter.name, [])
        names = db.session.scalars(
            select(named(actor, model)).where(model.id.in_(ids)).order_by(model.id)
        )
        found.append((parameter.label, list(names)))
    return found
