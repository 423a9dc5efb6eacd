"""Undo runs: plan the inverse action over the rows that nobody has changed since the run.

An undo is a run of its own and is previewed like any other. Rows that another undo has brought
back already are left out.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import aliased

from backoffice.actions.engine import relations
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose, Stored
from backoffice.actions.engine.plan import (
    Preview,
    chosen_for,
    counts,
    judge_and_count,
    require_for,
    rows_of,
    store_plan,
)
from backoffice.errors import NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, require, scope
from backoffice.text.numbers import formatted

RAN = ("done", "undone")
OVER = _l("This run cannot be undone, or was undone already.")
OUT_OF_SIGHT = _l("These rows are no longer yours to see: somebody who sees them can undo it.")
NOTHING = _l("What was given or taken then exists no more: there is nothing to undo.")


def plan_undo(*, actor: Actor, run_id: int, draft: Mapping[str, object] | None = None) -> Preview:
    """Store what undoing the run would do to each row that it changed, and change nothing.

    Raises NotFound (no run in the actor's scope), NotAllowed, or RuleBroken if there is nothing
    to undo.
    """
    require(actor, "bulk.undo")
    visible = select(BulkRun).where(BulkRun.id == run_id, scope(actor, BulkRun))
    original = db.session.scalar(visible)
    if original is None:
        raise NotFound
    action = find(original.action)
    inverse = inverse_of(action) if action else None
    if action is None or inverse is None or original.state != "done":
        raise RuleBroken(str(OVER))
    require_for(actor, inverse)
    run = _planned_undo(actor, original, action, inverse, draft)
    if not run.planned:
        raise NotFound(_("None of these rows is there any more."))
    require_for(actor, inverse, rows=run.planned)
    return Preview(run, inverse)


def _planned_undo(
    actor: Actor,
    original: BulkRun,
    action: Action,
    inverse: Action,
    draft: Mapping[str, object] | None,
) -> BulkRun:
    run = BulkRun(
        parameters=_chosen_for(actor, inverse, original),
        selection={"undo_of": original.id},
        undo_of_id=original.id,
        draft=draft,
    )
    rows = action.model.id.in_(_not_taken_back(action, original))
    store_plan(actor=actor, action=inverse, run=run, rows=rows)
    skip_changed_rows(run, original, action)
    judge_and_count(actor, inverse, run)
    return run


def _chosen_for(actor: Actor, inverse: Action, original: BulkRun) -> Stored:
    """Return the parameters of an undo; where it restores values, they only tell what was done."""
    if inverse.restores:
        inverse.require_readable(actor, original.parameters)
        return dict(original.parameters)
    return inverse.checked(actor, existing(inverse, original.parameters))


def may_undo(actor: Actor, run: BulkRun, action: Action) -> bool:
    """Tell whether the actor sees something to undo and has the permissions."""
    return _is_permitted(actor, run, action) and _sees_undoable_rows(actor, run, action)


def refusal(actor: Actor, run: BulkRun, action: Action) -> str:
    """Return why the actor cannot undo a run of their own that others can; '' if that is not so.

    Its rows have left their sight, by the run or later.
    """
    is_own = run.actor_id == actor.user_id
    if not (is_own and _is_permitted(actor, run, action)):
        return ""
    if _sees_undoable_rows(actor, run, action) or not _has_undoable_rows(run, action):
        return ""
    return str(OUT_OF_SIGHT)


def _is_permitted(actor: Actor, run: BulkRun, action: Action) -> bool:
    inverse = inverse_of(action)
    if inverse is None or run.state != "done":
        return False
    return can(actor, "bulk.undo") and can(actor, inverse.permission)


def inverse_of(action: Action) -> Action | None:
    """Return the action that undoes this one, or None."""
    if action.restores:
        return action
    if not action.inverse:
        return None
    return find(f"{area_of(action.model)}.{action.inverse}")


def undoable(run: BulkRun, action: Action) -> Ids:
    """Select the rows of a run that are still as the run left them, for any actor."""
    model = action.model
    # Any other version means that the row was changed again after the run.
    raised = 1 if action.changes_rows and model.__counts_versions__ else 0
    key = key_of(model)
    row_ids = select(key).select_from(BulkItem).join(model, model.id == key)
    return row_ids.where(*_is_done(run), model.version == BulkItem.version + raised)


def _has_undoable_rows(run: BulkRun, action: Action) -> bool:
    return bool(db.session.scalar(select(undoable(run, action).exists())))


def _sees_undoable_rows(actor: Actor, run: BulkRun, action: Action) -> bool:
    seen = undoable(run, action).where(scope(actor, action.model))
    return bool(db.session.scalar(select(seen.exists())))


def taken_back(run: BulkRun) -> int:
    """Return how many of the rows that the run changed were brought back by undos."""
    return _taken_back([run.id]).get(run.id, 0)


def undos(run: BulkRun) -> list[int]:
    """Return the ids of the runs that undid this one or a part of it."""
    statement = select(BulkRun.id).where(BulkRun.undo_of_id == run.id, _was_run())
    return list(db.session.scalars(statement.order_by(BulkRun.id)))


def remembered(run: BulkRun, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the values that an undo gives back, by the numbers of these rows of it."""
    memories = select(BulkItem.row_id, BulkItem.memory).where(
        BulkItem.run_id == run.undo_of_id, BulkItem.row_id.in_(numbers)
    )
    return {number: memory or {} for number, memory in db.session.execute(memories)}


def partly_undone(run_ids: Collection[int]) -> set[int]:
    """Return those runs of which some of the changed rows, but not all, were brought back."""
    taken = _taken_back(run_ids)
    if not taken:
        return set()
    runs = db.session.execute(select(BulkRun.id, BulkRun.counts).where(BulkRun.id.in_(taken)))
    return {run_id for run_id, outcomes in runs if taken[run_id] < outcomes.get("done", 0)}


def _taken_back(run_ids: Collection[int]) -> Counter[int]:
    """Count the rows of each run that were brought back; an undo brings back each row once."""
    undos = select(BulkRun.undo_of_id, BulkRun.counts).where(
        BulkRun.undo_of_id.in_(run_ids), _was_run()
    )
    numbers: Counter[int] = Counter()
    for run_id, outcomes in db.session.execute(undos):
        numbers[run_id] += outcomes.get("done", 0)
    return +numbers  # without the runs of which nothing was brought back


def left_out(actor: Actor, run: BulkRun) -> list[str]:
    """Return sentences for the preview of an undo about what it leaves out.

    They name rows that are hidden or gone, and groups and the like that were deleted meanwhile.
    """
    original = db.session.get_one(BulkRun, run.undo_of_id)
    action = find(original.action)
    inverse = find(run.action)
    if action is None or inverse is None:
        return []
    sentences = [
        *_rows_left_out(action, original, run),
        *_deleted_choices(original, run, inverse),
        *_deleted_relations(original, action),
    ]
    items = rows_of(action.model, run.id)
    chosen = chosen_for(inverse, run)
    context = ActionContext(actor, items, chosen, undo_of=original.id)
    # A parameter and a remembered relation may both name the same deleted rows.
    return [*dict.fromkeys(sentences), *inverse.preview_notes(context)]


def _rows_left_out(action: Action, original: BulkRun, run: BulkRun) -> list[str]:
    statement = select(func.count()).select_from(_not_taken_back(action, original).subquery())
    number = (db.session.scalar(statement) or 0) - run.planned
    if not number:
        return []
    text = _n(
        "%(number)s row left out: no longer there, or not yours to see.",
        "%(number)s rows left out: no longer there, or not yours to see.",
        number,
        number=formatted(number),
    )
    return [text]


def _deleted_choices(original: BulkRun, run: BulkRun, inverse: Action) -> list[str]:
    sentences = []
    if inverse.restores:
        return []
    for name, parameter in inverse.parameters.items():
        if isinstance(parameter, Choose):
            then = original.parameters.get(name, [])
            now = run.parameters.get(name, [])
            sentences += _deleted(parameter.model, len(then) - len(now))
    return sentences


def _deleted_relations(original: BulkRun, action: Action) -> list[str]:
    sentences = []
    for name in action.undo_relations:
        target = fields.related_model(action.model, name)
        kept = relations.remembered(original.id, name)
        is_deleted = kept.c.other_id.not_in(select(target.id))
        number = db.session.scalar(select(func.count(kept.c.other_id.distinct())).where(is_deleted))
        sentences += _deleted(target, number or 0)
    return sentences


def _deleted(model: type[Record], number: int) -> list[str]:
    if not number:
        return []
    rows = model.counted(number)
    return [_("%(rows)s deleted since then: left out.", rows=rows)]


def irreversible(run: BulkRun, action: Action) -> tuple[str, ...]:
    """Return what an undo cannot bring back, as sentences.

    For a run that is itself an undo, they are those of the action that it undoes.
    """
    original = db.session.get(BulkRun, run.undo_of_id) if run.undo_of_id else None
    undone = find(original.action) if original else action
    return tuple(map(str, undone.irreversible)) if undone else ()


def existing(action: Action, parameters: Stored) -> Stored:
    """Return the parameters without the rows that were deleted since then.

    Raises RuleBroken if that leaves a parameter without any row.
    """
    remaining: Stored = {}
    for name, parameter in action.parameters.items():
        then = parameters.get(name, [])
        remaining[name] = parameter.existing(then)
        if then and not remaining[name]:
            raise RuleBroken(str(NOTHING))
    return remaining


def lock_original(actor: Actor, run: BulkRun) -> BulkRun:
    """Lock and return the run that `run` undoes, until the transaction ends.

    Raises NotAllowed, or RuleBroken if the actor does not see it any more.
    """
    require(actor, "bulk.undo")
    statement = select(BulkRun).where(BulkRun.id == run.undo_of_id, scope(actor, BulkRun))
    # The session may hold the run as it was before another undo finished it.
    locked = statement.with_for_update().execution_options(populate_existing=True)
    original = db.session.scalar(locked)
    if original is None:
        raise RuleBroken(str(OVER))
    return original


def skip_changed_rows(run: BulkRun, original: BulkRun, action: Action) -> None:
    """Mark as stale the rows of an undo that are not as the original run left them.

    Somebody has changed them since, or another undo has brought them back.
    """
    untouched = undoable(original, action).correlate(None)
    change = (
        update(BulkItem)
        .where(BulkItem.run_id == run.id, key_of(action.model).not_in(untouched))
        .values(outcome="stale", rule="")
    )
    db.session.execute(change, execution_options={"synchronize_session": False})
    run.counts = counts(run.id)


def finish_original(original: BulkRun, action: Action) -> None:
    """Mark the run as undone, after an undo, if nobody could bring back any more of it."""
    if taken_back(original) and not _has_undoable_rows(original, action):
        original.state = "undone"
        db.session.flush()


def _not_taken_back(action: Action, run: BulkRun) -> Ids:
    """Select the rows that the run changed and no undo has brought back."""
    return select(key_of(action.model)).where(*_is_done(run)).correlate(None)


def _is_done(run: BulkRun) -> tuple[ColumnElement[bool], ...]:
    return (
        BulkItem.run_id == run.id,
        BulkItem.outcome == "done",
        ~_is_taken_back(run),
    )


def _is_taken_back(run: BulkRun) -> ColumnElement[bool]:
    """Return the SQL condition for items whose row an undo of the run has brought back.

    It is looked up for each item. As EXISTS it would be a join, and without fresh statistics
    PostgreSQL joins every item of the run with every item of the undo.
    """
    item = aliased(BulkItem)
    same_row = (item.row_id == BulkItem.row_id, item.outcome == "done")
    undo = select(item.run_id).where(item.run_id.in_(undos(run)), *same_row).limit(1)
    return undo.scalar_subquery().is_not(None)


def _was_run() -> ColumnElement[bool]:
    return BulkRun.state.in_(RAN)
