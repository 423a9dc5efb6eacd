"""Undo: planned like any action, over what a run changed and nobody has changed or taken back since."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import aliased

from backoffice.actions.engine import relations
from backoffice.actions.engine.action import Action, ActionContext, Ids, find
from backoffice.actions.engine.plan import Preview, checked_parameters, counts, freeze, require_for
from backoffice.errors import NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, require, scope
from backoffice.text import plural

RAN = ("done", "undone")
OVER = "This run cannot be undone, or was undone already."
NOTHING = "What was given or taken then exists no more: there is nothing to undo."


def plan_undo(*, actor: Actor, run_id: int, draft: dict[str, Any] | None = None) -> Preview:
    """Freeze what undoing the run would do to each row that it changed, and change nothing.

    Raises NotFound (no run in the actor's scope), NotAllowed, or RuleBroken if there is nothing to undo.
    """
    require(actor, "bulk.undo")
    original = db.session.scalar(select(BulkRun).where(BulkRun.id == run_id, scope(actor, BulkRun)))
    if original is None:
        raise NotFound
    action = find(original.action)
    inverse = inverse_of(action) if action else None
    if action is None or inverse is None or original.state != "done":
        raise RuleBroken(OVER)
    require_for(actor, inverse)
    values = checked_parameters(actor, inverse, existing(inverse, original.parameters))
    run = BulkRun(
        parameters=values, selection={"undo_of": original.id}, undo_of_id=original.id, draft=draft
    )
    freeze(actor, inverse, run, action.model.id.in_(_left(original)))
    leave_alone(run, original, action)
    if not run.planned:
        raise NotFound("None of these rows is there any more.")
    require_for(actor, inverse, rows=run.planned)
    return Preview(run, inverse)


def may_undo(actor: Actor, run: BulkRun, action: Action) -> bool:
    """Whether there is something to undo, and the actor has the permissions."""
    inverse = inverse_of(action)
    allowed = inverse is not None and can(actor, "bulk.undo") and can(actor, inverse.permission)
    return (
        allowed
        and run.state == "done"
        and bool(db.session.scalar(select(undoable(run, action).exists())))
    )


def inverse_of(action: Action) -> Action | None:
    """The action that undoes this one."""
    return find(f"{area_of(action.model)}.{action.inverse}") if action.inverse else None


def undoable(run: BulkRun, action: Action) -> Ids:
    """The rows of a run that an undo would find as the run left them, whoever may undo it."""
    model, raised = action.model, 1 if action.changes_rows else 0
    kept = select(BulkItem.row_id).join(model, model.id == BulkItem.row_id)
    return kept.where(*_done(run), model.version == BulkItem.version + raised)


def taken_back(run: BulkRun) -> int:
    """How many of the rows that the run changed were brought back by undos."""
    return _taken_back([run.id]).get(run.id, 0)


def undos(run: BulkRun) -> list[int]:
    """The runs that undid this one, or a part of it."""
    return list(
        db.session.scalars(
            select(BulkRun.id).where(BulkRun.undo_of_id == run.id, _ran()).order_by(BulkRun.id)
        )
    )


def partly_undone(run_ids: Collection[int]) -> set[int]:
    """Those of the runs of which some of the changed rows were brought back, and some were not."""
    if not (taken := _taken_back(run_ids)):
        return set()
    runs = db.session.execute(select(BulkRun.id, BulkRun.counts).where(BulkRun.id.in_(taken)))
    return {run_id for run_id, counted in runs if taken[run_id] < counted.get("done", 0)}


def _taken_back(run_ids: Collection[int]) -> Counter[int]:
    """How many rows of each run were brought back; an undo brings back each row once."""
    undos = select(BulkRun.undo_of_id, BulkRun.counts).where(
        BulkRun.undo_of_id.in_(run_ids), _ran()
    )
    found: Counter[int] = Counter()
    for run_id, counted in db.session.execute(undos):
        found[run_id] += counted.get("done", 0)
    return +found


def foretold(actor: Actor, run: BulkRun) -> list[str]:
    """What the planned undo has to say beforehand: rows that are left out, and what was deleted meanwhile."""
    original = db.session.get_one(BulkRun, run.undo_of_id)
    action, inverse = find(original.action), find(run.action)
    if action is None or inverse is None:
        return []
    found = []
    left = db.session.scalar(select(func.count()).select_from(_left(original).subquery())) or 0
    if hidden := left - run.planned:
        found.append(
            f"{plural(hidden, 'row', 'rows')} left out: no longer there, or not yours to see."
        )
    for parameter in inverse.parameters:
        then, now = (
            original.parameters.get(parameter.name, []),
            run.parameters.get(parameter.name, []),
        )
        found += _deleted(parameter.model, len(then) - len(now))
    for name in action.remembers:
        target, kept = (
            fields.related_model(action.model, name),
            relations.remembered(original.id, name),
        )
        lost = select(func.count(kept.c.other_id.distinct())).where(
            kept.c.other_id.not_in(select(target.id))
        )
        found += _deleted(target, db.session.scalar(lost) or 0)
    items = select(BulkItem.row_id).where(BulkItem.run_id == run.id)
    return [
        *dict.fromkeys(found),
        *inverse.foretell(ActionContext(actor, items, run.parameters, undo_of=original.id)),
    ]


def lasting(run: BulkRun, action: Action) -> tuple[str, ...]:
    """What an undo cannot bring back: of the action, or of the one that the run undoes."""
    original = db.session.get(BulkRun, run.undo_of_id) if run.undo_of_id else None
    undone = find(original.action) if original else action
    return undone.lasting if undone else ()


def existing(action: Action, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without the rows that were deleted since. Raises RuleBroken if that leaves none of one."""
    found: dict[str, Any] = {}
    for parameter in action.parameters:
        model, ids = parameter.model, parameters.get(parameter.name, [])
        found[parameter.name] = list(
            db.session.scalars(select(model.id).where(model.id.in_(ids)).order_by(model.id))
        )
        if not found[parameter.name]:
            raise RuleBroken(NOTHING)
    return found


def hold(actor: Actor, run: BulkRun) -> BulkRun:
    """The run that `run` undoes, which no other undo touches until the transaction ends.

    Raises NotAllowed, or RuleBroken if the actor does not see it any more.
    """
    require(actor, "bulk.undo")
    statement = (
        select(BulkRun).where(BulkRun.id == run.undo_of_id, scope(actor, BulkRun)).with_for_update()
    )
    original = db.session.scalar(statement.execution_options(populate_existing=True))
    if original is None:
        raise RuleBroken(OVER)
    return original


def leave_alone(run: BulkRun, original: BulkRun, action: Action) -> None:
    """Mark as stale the rows of an undo that somebody changed, or another undo brought back, since the run."""
    untouched = undoable(original, action).correlate(None)
    change = update(BulkItem).where(BulkItem.run_id == run.id, BulkItem.row_id.not_in(untouched))
    db.session.execute(
        change.values(outcome="stale", rule=""), execution_options={"synchronize_session": False}
    )
    run.counts = counts(run.id)


def settle(original: BulkRun, action: Action) -> None:
    """After an undo: the run counts as undone when nothing is left that anybody could bring back."""
    if taken_back(original) and not db.session.scalar(select(undoable(original, action).exists())):
        original.state = "undone"
        db.session.flush()


def _left(run: BulkRun) -> Ids:
    """The rows that the run changed and no undo has brought back."""
    return select(BulkItem.row_id).where(*_done(run)).correlate(None)


def _done(run: BulkRun) -> tuple[ColumnElement[bool], ...]:
    return BulkItem.run_id == run.id, BulkItem.outcome == "done", ~_is_taken_back(run.id)


def _is_taken_back(run_id: int) -> ColumnElement[bool]:
    """In SQL: an undo of the run brought the item's row back."""
    item, undo = aliased(BulkItem), aliased(BulkRun)
    mine = and_(item.row_id == BulkItem.row_id, item.outcome == "done", item.run_id == undo.id)
    return exists().where(mine, undo.undo_of_id == run_id, undo.state.in_(RAN))


def _ran() -> ColumnElement[bool]:
    return BulkRun.state.in_(RAN)


def _deleted(model: Any, number: int) -> list[str]:
    if not number:
        return []
    return [f"{plural(number, model.__singular__, model.__plural__)} deleted since then: left out."]
