"""The run: a preview carried out in one transaction, every row judged again, every change in the events."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, select, update
from sqlalchemy.orm import aliased

from backoffice import clock, limits
from backoffice.actions.action import Action, Ask, Ids, find
from backoffice.actions.plan import KEPT, Selection, counts, doable, outcomes, preview, require_for
from backoffice.errors import Expired, NotFound, RuleBroken
from backoffice.extensions import db, in_bulk, lock
from backoffice.models import fields
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.policy.actor import Actor
from backoffice.policy.confirmation import require_recent
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import require, scope
from backoffice.services import events, related
from backoffice.services.events import Happening
from backoffice.text import cleaned

REASON_LENGTH = limits.REASON
RAN = ("done", "undone")


@in_bulk
def run(
    *,
    actor: Actor,
    token: str,
    action: Action,
    reason: str = "",
    confirmation: str = "",
    reveal: Callable[[str], object] = lambda _secret: None,
) -> BulkRun:
    """Carry out the preview that `token` stands for; sent twice, it is done once.

    `reveal` is called with every secret that the actor may see this once.
    Raises NotFound (not this actor's preview of this action), Expired, NotAllowed, or RuleBroken with the field
    `reason` or `confirm`.
    """
    planned = _claimed(actor, token, action)
    if planned.state != "running":
        return planned
    require_for(actor, action, rows=planned.planned, all_matching="all_matching" in planned.selection)
    if action.needs_confirmation(planned.parameters):
        require_recent(actor)
    planned.reason = cleaned(reason)
    _check_words(action, planned, planned.reason, confirmation)
    return _carry_out(actor, action, planned, reveal)


@in_bulk
def undo(*, actor: Actor, run_id: int) -> BulkRun:
    """Do the opposite to every row that the run changed and that nobody changed since; the others are stale.

    Raises NotFound (no run in the actor's scope), NotAllowed, or RuleBroken if there is nothing to undo.
    """
    require(actor, "bulk.undo")
    original = db.session.scalar(select(BulkRun).where(BulkRun.id == run_id, scope(actor, BulkRun)).with_for_update())
    if original is None:
        raise NotFound
    action = find(original.action)
    inverse = find(f"{area_of(action.model)}.{action.inverse}") if action and action.inverse else None
    if action is None or inverse is None or original.state != "done":
        raise RuleBroken("This run cannot be undone, or was undone already.")
    planned = preview(
        actor=actor, action=inverse, selection=Selection(undo_of=original.id), parameters=original.parameters
    ).run
    planned.state, planned.reason = "running", f"Undo of bulk run {original.id}"
    _expect_untouched_since(original, planned, action)
    original.state = "undone"
    return _carry_out(actor, inverse, planned)


def phrase(action: Action, run: BulkRun) -> str:
    """What has to be typed before something that cannot be undone: it makes people read the number."""
    return f"{action.name} {run.counts.get('done', 0)}"


def _claimed(actor: Actor, token: str, action: Action) -> BulkRun:
    """The run behind the token, made `running` by exactly one of all requests that carry it."""
    try:
        mine = (
            BulkRun.token == UUID(token),
            BulkRun.actor_id == actor.user_id,
            BulkRun.action == action.code(),
        )
    except ValueError:
        raise NotFound from None
    found = db.session.scalar(select(BulkRun).where(*mine).with_for_update())
    if found is None:
        raise NotFound
    if found.state == "planned":
        if found.created_at < clock.now() - KEPT:
            raise Expired("This preview is more than an hour old. Look at a new one before you go on.")
        found.state = "running"
    return found


def _check_words(action: Action, planned: BulkRun, reason: str, confirmation: str) -> None:
    if action.reason_required and not reason:
        raise RuleBroken("Say why, in a few words: the reason is kept in the events log.", field="reason")
    if len(reason) > REASON_LENGTH:
        raise RuleBroken(f"Keep the reason under {REASON_LENGTH} characters.", field="reason")
    wanted = phrase(action, planned)
    if action.typed_confirmation and confirmation.strip().casefold() != wanted.casefold():
        raise RuleBroken(f"Type “{wanted}” to confirm.", field="confirm")


def _carry_out(
    actor: Actor, action: Action, run: BulkRun, reveal: Callable[[str], object] = lambda _secret: None
) -> BulkRun:
    for name in action.locks:
        lock(name)
    ask = Ask(
        actor,
        select(BulkItem.row_id).where(BulkItem.run_id == run.id),
        run.parameters,
        run.reason,
        run.undo_of_id,
        reveal=reveal,
    )
    _judge_again(action, ask, run)
    rows = doable(run.id)
    before = _snapshot(action, rows)
    _remember(action, run, rows)
    action.apply(ask, rows)
    if action.changes_rows:
        _raise_versions(action, run, rows)
    after = _snapshot(action, rows)
    action.ensure(ask)
    events.record_many(actor=actor, happenings=_happenings(action, run, before, after))
    run.counts = counts(run.id)
    run.state, run.finished_at = "done", clock.now()
    db.session.flush()
    return run


def _judge_again(action: Action, ask: Ask, run: BulkRun) -> None:
    """Time has passed since the preview: rows changed since are stale, the others are judged by the rules anew."""
    model, item = action.model, aliased(BulkItem)
    mine = select(BulkItem.row_id).where(BulkItem.run_id == run.id, BulkItem.outcome != "stale")
    db.session.execute(select(model.id).where(model.id.in_(mine)).order_by(model.id).with_for_update())
    outcome, rule = outcomes(action, ask)
    moved = model.version != item.version
    judgement = (case((moved, "stale"), else_=outcome).label("outcome"), case((moved, ""), else_=rule).label("rule"))
    fresh = (
        select(model.id, *judgement)
        .join(item, item.row_id == model.id)
        .where(item.run_id == run.id, item.outcome != "stale", scope(ask.actor, model))
        .subquery()
    )
    changes = update(BulkItem).where(BulkItem.run_id == run.id).execution_options(synchronize_session=False)
    judged = changes.where(BulkItem.row_id == fresh.c.id)
    gone = changes.where(~exists().where(model.id == BulkItem.row_id, scope(ask.actor, model)))
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


def _expect_untouched_since(original: BulkRun, planned: BulkRun, action: Action) -> None:
    """An undo takes back only what nobody has touched since the run."""
    then, raised = aliased(BulkItem), 1 if action.changes_rows else 0
    left_at = (
        select(then.version + raised)
        .where(then.run_id == original.id, then.row_id == BulkItem.row_id)
        .scalar_subquery()
    )
    db.session.execute(
        update(BulkItem)
        .where(BulkItem.run_id == planned.id, BulkItem.version != left_at)
        .values(outcome="stale", rule="")
        .execution_options(synchronize_session=False)
    )


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
        memories = [{"run_id": run.id, "row_id": row_id, "memory": ids} for row_id, ids in by_row.items()]
        db.session.execute(update(BulkItem), memories)


def _happenings(
    action: Action, run: BulkRun, before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]]
) -> Iterator[Happening]:
    """One event for every row that was changed, and one for every row that was refused."""
    area, code = area_of(action.model), action.code()
    for row_id, values in before.items():
        yield Happening(
            action=code,
            subject=(area, row_id),
            before=values or None,
            after=after.get(row_id) or None,
            reason=run.reason,
            bulk_run_id=run.id,
        )
    refused = select(BulkItem.row_id, BulkItem.rule).where(BulkItem.run_id == run.id, BulkItem.outcome == "refused")
    for row_id, rule in db.session.execute(refused.order_by(BulkItem.row_id)):
        yield Happening(
            action=code,
            subject=(area, row_id),
            result="denied",
            reason=f"Refused: {rule}",
            bulk_run_id=run.id,
        )
