"""The run: a preview carried out in one transaction, every row judged again, every change in the events."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, select, update
from sqlalchemy.orm import aliased

from backoffice import clock, events, limits
from backoffice.actions.engine import undoing
from backoffice.actions.engine.action import Action, ActionContext, Ids, find
from backoffice.actions.engine.plan import (
    checked_parameters,
    counts,
    outcomes,
    own,
    require_for,
    rows_to_change,
)
from backoffice.data import related, texts
from backoffice.errors import RuleBroken
from backoffice.events import EventDraft
from backoffice.extensions import db, in_bulk, lock
from backoffice.models import fields
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import scope
from backoffice.policy.step_up import require_recent
from backoffice.text import fold

REASON_LENGTH = limits.REASON


@in_bulk
def run(
    *,
    actor: Actor,
    token: UUID,
    action: Action,
    reason: str = "",
    confirmation: str = "",
    reveal: Callable[[str], object] = lambda _secret: None,
) -> BulkRun:
    """Carry out the preview that `token` stands for; sent twice, it is done once.

    Whatever the preview allowed is asked anew: permissions, parameters, step-up, and every row.
    `reveal` is called with every secret that the actor may see this once.
    Raises NotFound (not this actor's preview of this action, or too old), NotAllowed, ConfirmationNeeded, or
    RuleBroken with the field `reason` or `confirm`, or the name of a parameter.
    """
    for name in (
        action.locks
    ):  # before anything is locked or written, so that no two runs wait for each other
        lock(name)
    planned = _claimed(actor, token, action)
    if planned.state != "running":
        return planned
    require_for(
        actor, action, rows=planned.planned, all_matching="all_matching" in planned.selection
    )
    original = undoing.hold(actor, planned) if planned.undo_of_id else None
    given = undoing.existing(action, planned.parameters) if original else planned.parameters
    planned.parameters = checked_parameters(actor, action, given, locked=True)
    if action.needs_confirmation(planned.parameters):
        require_recent(actor)
    if original:
        planned.reason = f"Undo of bulk run {original.id}"
    else:
        planned.reason = texts.kept(reason, field="reason", lines=True)
        _check_words(action, planned, planned.reason, confirmation)
    return _carry_out(actor, action, planned, original, reveal)


@in_bulk
def undo(*, actor: Actor, run_id: int) -> BulkRun:
    """Do the opposite to every row that the run changed and that nobody changed since; the others are stale.

    Raises what `plan_undo` and `run` raise.
    """
    planned = undoing.plan_undo(actor=actor, run_id=run_id)
    return run(actor=actor, token=planned.run.token, action=planned.action)


def phrase(action: Action, run: BulkRun) -> str:
    """What has to be typed before something that cannot be undone: it makes people read the number."""
    return f"{action.name} {run.counts.get('done', 0)}"


def _claimed(actor: Actor, token: UUID, action: Action) -> BulkRun:
    """The run behind the token, made `running` by exactly one of all requests that carry it."""
    found = own(actor, token, action, locked=True)
    if found.state == "planned":
        found.state = "running"
    return found


def _check_words(action: Action, planned: BulkRun, reason: str, confirmation: str) -> None:
    if action.reason_required and not reason:
        raise RuleBroken(
            "Say why, in a few words: the reason is kept in the events log.", field="reason"
        )
    if len(reason) > REASON_LENGTH:
        raise RuleBroken(f"Keep the reason under {REASON_LENGTH} characters.", field="reason")
    wanted = phrase(action, planned)
    if action.typed_confirmation and fold(confirmation) != fold(wanted):
        raise RuleBroken(f"Type “{wanted}” to confirm.", field="confirm")


def _carry_out(
    actor: Actor,
    action: Action,
    run: BulkRun,
    original: BulkRun | None,
    reveal: Callable[[str], object],
) -> BulkRun:
    context = ActionContext(
        actor,
        select(BulkItem.row_id).where(BulkItem.run_id == run.id),
        run.parameters,
        run.reason,
        run.undo_of_id,
        reveal=reveal,
    )
    undone = find(original.action) if original else None
    _lock_rows(action, run)
    if original and undone:
        undoing.leave_alone(run, original, undone)
    _judge_again(action, context, run)
    rows = rows_to_change(run.id)
    before = _snapshot(action, rows)
    _remember(action, run, rows)
    action.apply(context, rows)
    if action.changes_rows:
        _raise_versions(action, run, rows)
    after = _snapshot(action, rows)
    action.ensure(context)
    events.record_many(actor=actor, drafts=_event_drafts(action, run, before, after))
    run.counts = counts(run.id)
    run.state, run.finished_at, run.draft = "done", clock.now(), None
    db.session.flush()
    if original and undone:
        undoing.settle(original, undone)
    return run


def _lock_rows(action: Action, run: BulkRun) -> None:
    """Nobody changes the rows until the transaction ends."""
    mine = select(BulkItem.row_id).where(BulkItem.run_id == run.id)
    rows = select(action.model.id).where(action.model.id.in_(mine)).order_by(action.model.id)
    db.session.execute(rows.with_for_update())


def _judge_again(action: Action, context: ActionContext, run: BulkRun) -> None:
    """Time has passed since the preview: rows changed since are stale, the others are judged by the rules anew."""
    model, item = action.model, aliased(BulkItem)
    outcome, rule = outcomes(action, context)
    moved = model.version != item.version
    judgement = (
        case((moved, "stale"), else_=outcome).label("outcome"),
        case((moved, ""), else_=rule).label("rule"),
    )
    fresh = (
        select(model.id, *judgement)
        .join(item, item.row_id == model.id)
        .where(item.run_id == run.id, item.outcome != "stale", scope(context.actor, model))
        .subquery()
    )
    changes = (
        update(BulkItem)
        .where(BulkItem.run_id == run.id)
        .execution_options(synchronize_session=False)
    )
    judged = changes.where(BulkItem.row_id == fresh.c.id)
    gone = changes.where(~exists().where(model.id == BulkItem.row_id, scope(context.actor, model)))
    db.session.execute(judged.values(outcome=fresh.c.outcome, rule=fresh.c.rule))
    db.session.execute(gone.values(outcome="stale", rule=""))


def _raise_versions(action: Action, run: BulkRun, rows: Ids) -> None:
    """Of those rows whose version the action has not raised together with what it set."""
    item = aliased(BulkItem)
    untouched = exists().where(
        item.run_id == run.id, item.row_id == action.model.id, item.version == action.model.version
    )
    statement = update(action.model).where(action.model.id.in_(rows), untouched)
    raised = statement.values(version=action.model.version + 1)
    db.session.execute(raised, execution_options={"synchronize_session": False})


def _snapshot(action: Action, rows: Ids) -> dict[int, dict[str, Any]]:
    """The watched attributes of the rows as they are now."""
    model = action.model
    many = [name for name in action.watches if fields.kind(model, name) == "many"]
    plain = [name for name in action.watches if name not in many]
    columns = [fields.attribute(model, name) for name in plain]
    found = {
        row[0]: dict(zip(plain, row[1:], strict=True))
        for row in db.session.execute(select(model.id, *columns).where(model.id.in_(rows)))
    }
    for name, by_row in related.labels(model, rows, many).items():
        for row_id, values in found.items():
            values[name] = [label for _, label in by_row.get(row_id, [])]
    return found


def _remember(action: Action, run: BulkRun, rows: Ids) -> None:
    """Keep the ids of the related rows that an undo has to bring back."""
    by_row: dict[int, dict[str, list[int]]] = {}
    for name, others in related.labels(action.model, rows, action.remembers).items():
        for row_id, pairs in others.items():
            by_row.setdefault(row_id, {})[name] = [other_id for other_id, _ in pairs]
    if by_row:
        memories = [
            {"run_id": run.id, "row_id": row_id, "memory": ids} for row_id, ids in by_row.items()
        ]
        db.session.execute(update(BulkItem), memories)


def _event_drafts(
    action: Action,
    run: BulkRun,
    before: dict[int, dict[str, Any]],
    after: dict[int, dict[str, Any]],
) -> Iterator[EventDraft]:
    """One event for every row that was changed, and one for every row that was refused."""
    area, code = area_of(action.model), action.code()
    for row_id, values in before.items():
        yield EventDraft(
            action=code,
            subject=(area, row_id),
            before=values or None,
            after=after.get(row_id) or None,
            reason=run.reason,
            bulk_run_id=run.id,
        )
    refused = select(BulkItem.row_id, BulkItem.rule).where(
        BulkItem.run_id == run.id, BulkItem.outcome == "refused"
    )
    for row_id, rule in db.session.execute(refused.order_by(BulkItem.row_id)):
        yield EventDraft(
            action=code,
            subject=(area, row_id),
            result="denied",
            reason=f"Refused: {rule}",
            bulk_run_id=run.id,
        )
