"""Run previews: judge every row again, change the rows, and write events, in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, case, exists, select, update
from sqlalchemy.orm import aliased

from backoffice import clock, events, limits
from backoffice.actions.engine import restoring, undoing
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.judgement import is_restoring, judge_each_row, numbers, outcomes
from backoffice.actions.engine.parameters import Stored
from backoffice.actions.engine.plan import (
    chosen_for,
    counts,
    own_run,
    require_for,
    require_recent_for,
    rows_of,
    rows_to_change,
)
from backoffice.actions.engine.secret import without_secrets
from backoffice.data import comparable, constraints, related, texts
from backoffice.errors import RuleBroken
from backoffice.events import EventDraft, mentions
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of, of_items
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import scope
from backoffice.text import N_, fold
from backoffice.transactions import in_bulk, lock

REASON_LENGTH = limits.REASON
BATCH = 1000  # rows
Noted = dict[str, object]  # the values of a row, as events keep them
# The reasons that people did not type: stored in English, and shown by `report.reason`.
OF_UNDO = N_("Undo of bulk run %(number)s")
OF_REFUSAL = N_("Refused: %(rule)s")


@in_bulk
def run(
    *,
    actor: Actor,
    token: UUID,
    action: Action,
    reason: str = "",
    confirmation: str = "",
    show_once: Callable[[str], object] = lambda _secret: None,
) -> BulkRun:
    """Carry out the preview that `token` identifies; a second call with it changes nothing.

    Everything that the preview checked is checked again: permissions, parameters, step-up and
    every row. `show_once` is called with each secret that the actor may see once.
    Raises NotFound (not this actor's preview of this action, or too old), NotAllowed,
    ConfirmationNeeded, or RuleBroken with the field `reason` or `confirm`, or the name of a
    parameter.
    """
    # Before anything else is locked or written, so that no two runs wait for each other.
    for name in action.locks:
        lock(name)
    planned = _claimed(actor, token, action)
    if planned.state != "running":
        return planned
    original = _check_again(actor, action, planned)
    planned.reason = _checked_reason(action, planned, reason, confirmation)
    return _carry_out(actor, action, planned, original, show_once)


@in_bulk
def undo(*, actor: Actor, run_id: int) -> BulkRun:
    """Run the inverse action on every row that the run changed and nobody has changed since.

    The other rows become stale. Raises what `plan_undo` and `run` raise.
    """
    planned = undoing.plan_undo(actor=actor, run_id=run_id)
    return run(actor=actor, token=planned.run.token, action=planned.action)


def phrase(action: Action, run: BulkRun) -> str:
    """Return the words to type before something that cannot be undone.

    They contain the number of rows, if it has rows, which makes people read it.
    """
    words = action.label.lower()
    return words if action.is_global else f"{words} {run.counts.get('done', 0)}"


def _claimed(actor: Actor, token: UUID, action: Action) -> BulkRun:
    """Return the run that the token identifies, made `running` if it was only planned.

    It is locked, so that only one of several requests with the same token finds it planned.
    """
    claimed = own_run(actor, token, action, locked=True)
    if claimed.state == "planned":
        claimed.state = "running"
    return claimed


def _check_again(actor: Actor, action: Action, planned: BulkRun) -> BulkRun | None:
    """Check permissions, parameters and step-up; return the run that is being undone, locked."""
    all_matching = "all_matching" in planned.selection
    require_for(actor, action, rows=planned.planned, all_matching=all_matching)
    original = undoing.lock_original(actor, planned) if planned.undo_of_id else None
    if original and action.restores:  # whose parameters only tell what was done
        action.require_readable(actor, planned.parameters)
    else:
        planned.parameters = _parameters(actor, action, planned)
    require_recent_for(actor, action, planned.parameters)
    return original


def _parameters(actor: Actor, action: Action, planned: BulkRun) -> Stored:
    """Return the parameters as they are stored, after checking them again."""
    given = planned.parameters
    if planned.undo_of_id:
        return action.checked(actor, undoing.existing(action, given), locked=True)
    if action.parameters and not given:
        raise RuleBroken(_("Choose first what is asked for."))
    return action.accepted(actor, given, locked=True)


def _checked_reason(action: Action, planned: BulkRun, reason: str, confirmation: str) -> str:
    """Return the reason to store, after checking it and the typed confirmation.

    An undo has a reason of its own, and nothing has to be typed for it.
    """
    if planned.undo_of_id:
        return OF_UNDO % {"number": planned.undo_of_id}
    kept = texts.normalised(reason, field="reason", kind="long_text")
    if action.reason_required and not kept:
        raise RuleBroken(
            _("Say why, in a few words: the reason is kept in the events log."), field="reason"
        )
    if len(kept) > REASON_LENGTH:
        text = _("Keep the reason under %(number)s characters.", number=REASON_LENGTH)
        raise RuleBroken(text, field="reason")
    wanted = phrase(action, planned)
    if action.typed_confirmation and fold(confirmation) != fold(wanted):
        raise RuleBroken(_("Type “%(phrase)s” to confirm.", phrase=wanted), field="confirm")
    return kept


def _carry_out(
    actor: Actor,
    action: Action,
    run: BulkRun,
    original: BulkRun | None,
    show_once: Callable[[str], object],
) -> BulkRun:
    """Judge the rows again, change them, and store the result in `run`."""
    row_ids = rows_of(action.model, run.id)
    chosen = chosen_for(action, run)
    context = ActionContext(actor, row_ids, chosen, run.reason, run.undo_of_id, show_once=show_once)
    undone = find(original.action) if original else None
    # Judged only when nobody can change the rows any more.
    _lock_rows(action, run)
    if original and undone:
        undoing.skip_changed_rows(run, original, undone)
    _judge_again(action, context, run)
    _mark_invisible(action, context, run)
    judge_each_row(action, context, run)
    _change_rows(action, context, run)
    _finish(action, run)
    # This run has to count as done, because `finish_original` looks at what is left to undo.
    if original and undone:
        undoing.finish_original(original, undone)
    return run


def _finish(action: Action, run: BulkRun) -> None:
    run.parameters = without_secrets(action.parameters, run.parameters)
    run.counts = counts(run.id)
    run.state = "done"
    run.finished_at = clock.now()
    run.draft = None
    db.session.flush()


def _lock_rows(action: Action, run: BulkRun) -> None:
    """Lock the rows until the transaction ends."""
    row_ids = rows_of(action.model, run.id)
    # Always in the same order, so that no two runs wait for each other.
    rows = select(action.model.id).where(action.model.id.in_(row_ids)).order_by(action.model.id)
    db.session.execute(rows.with_for_update())


def _judge_again(action: Action, context: ActionContext, run: BulkRun) -> None:
    """Mark the rows changed since the preview as stale, and judge the others by the rules."""
    model = action.model
    item = aliased(BulkItem)
    outcome, rule = outcomes(action, context)
    is_changed = model.version != item.version
    fresh_outcome = case((is_changed, "stale"), else_=outcome).label("outcome")
    fresh_rule = case((is_changed, ""), else_=rule).label("rule")
    fresh = (
        of_items(select(item.row_id, fresh_outcome, fresh_rule), model, item)
        .where(item.run_id == run.id, item.outcome != "stale", scope(context.actor, model))
        .subquery()
    )
    row = BulkItem.row_id == fresh.c.row_id
    _update_items(run, row, outcome=fresh.c.outcome, rule=fresh.c.rule, message="")


def _mark_invisible(action: Action, context: ActionContext, run: BulkRun) -> None:
    """Mark as stale the rows that were deleted or that the actor does not see any more."""
    model = action.model
    visible = exists().where(model.id == key_of(model), scope(context.actor, model))
    _update_items(run, ~visible, outcome="stale", rule="")


def _update_items(run: BulkRun, condition: ColumnElement[bool], **values: object) -> None:
    statement = update(BulkItem).where(BulkItem.run_id == run.id, condition).values(**values)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _change_rows(action: Action, context: ActionContext, run: BulkRun) -> None:
    """Apply the action to the rows that it may change, and write the events."""
    rows = rows_to_change(action.model, run.id)
    watched = action.watched(context)
    before = _snapshot(action, rows, watched)
    _remember(action, context, run, rows)
    _apply(action, context, rows)
    if not action.model.__counts_versions__:
        _note_versions(action, run)
    elif action.changes_rows:
        _raise_versions(action, run, rows)
    after = _snapshot(action, rows, watched)
    action.ensure(context)
    # Drafts are made while they are written: a run of many rows never holds all of them.
    drafts = _event_drafts(action, run, before, after)
    events.record_many(actor=context.actor, drafts=drafts)


def _apply(action: Action, context: ActionContext, rows: Ids) -> None:
    """Change the rows. Raises RuleBroken if a constraint of the database refuses that."""
    with comparable.refusing(context.actor, action.model):
        if is_restoring(action, context):
            restoring.restore(context, action.model, rows, action.restored(context))
            constraints.require_kept(action.model, rows)
        else:
            action.apply(context, rows)
        action.follow(context, rows)
        db.session.flush()


def _raise_versions(action: Action, run: BulkRun, rows: Ids) -> None:
    """Raise the version of those rows for which the action itself has not done it."""
    model = action.model
    item = aliased(BulkItem)
    has_old_version = exists().where(
        item.run_id == run.id,
        item.row_id == model.id,
        item.version == model.version,
    )
    statement = update(model).where(model.id.in_(rows), has_old_version)
    raised = statement.values(version=model.version + 1)
    db.session.execute(raised, execution_options={"synchronize_session": False})


def _note_versions(action: Action, run: BulkRun) -> None:
    """Note the versions that the changed rows have now, where no number counts them."""
    model = action.model
    item = aliased(BulkItem)
    fresh = (
        of_items(select(item.row_id, model.version.label("version")), model, item)
        .where(item.run_id == run.id, item.outcome == "done")
        .subquery()
    )
    _update_items(run, BulkItem.row_id == fresh.c.row_id, version=fresh.c.version)


def _snapshot(action: Action, rows: Ids, watched: Sequence[str]) -> dict[RowKey, Noted]:
    """Return what events note of the rows as they are now, by row id."""
    snapshot = _watched_values(action, rows, watched)
    for row_id, details in action.details(rows).items():
        snapshot[row_id] |= details
    return snapshot


def _watched_values(action: Action, rows: Ids, watched: Sequence[str]) -> dict[RowKey, Noted]:
    model = action.model
    relations = [name for name in watched if fields.shape(model, name) == "rows"]
    plain = [name for name in watched if name not in relations]
    snapshot = _plain_values(action, rows, plain)
    for name, by_row in related.labels(model, rows, relations).items():
        target = fields.related_model(model, name)
        is_many = fields.is_many(model, name)
        for row_id, values in snapshot.items():
            noted = [mentions.of(target, *other) for other in by_row.get(row_id, [])]
            values[name] = noted if is_many else next(iter(noted), None)
    return snapshot


def _plain_values(action: Action, rows: Ids, names: list[str]) -> dict[RowKey, Noted]:
    model = action.model
    columns = [fields.attribute(model, name) for name in names]
    statement = select(model.id, *columns).where(model.id.in_(rows))
    noting = [(name, fields.writer(model, name, "note")) for name in names]
    return {
        row_id: {name: note(value) for (name, note), value in zip(noting, values, strict=True)}
        for row_id, *values in db.session.execute(statement)
    }


def _remember(action: Action, context: ActionContext, run: BulkRun, rows: Ids) -> None:
    """Store the values, or the ids of the related rows, that an undo has to bring back."""
    if names := action.restored(context):
        _store_memories(action, run, restoring.frozen_values(action.model, rows, names))
    by_row = action.memories(rows)
    for name, others in related.labels(action.model, rows, action.undo_relations).items():
        for row_id, pairs in others.items():
            by_row.setdefault(row_id, {})[name] = [other_id for other_id, _ in pairs]
    _store_memories(action, run, by_row.items())


def _store_memories(
    action: Action, run: BulkRun, memories: Iterable[tuple[RowKey, dict[str, Any]]]
) -> None:
    """Store what each row remembers; of many rows, never all of it is held at once."""
    number_of = numbers(action.model, run)
    rows = (
        {"run_id": run.id, "row_id": number_of(row_id), "memory": memory}
        for row_id, memory in memories
    )
    while batch := list(islice(rows, BATCH)):
        db.session.execute(update(BulkItem), batch)


def _event_drafts(
    action: Action,
    run: BulkRun,
    before: dict[RowKey, Noted],
    after: dict[RowKey, Noted],
) -> Iterator[EventDraft]:
    """Yield one event for every row that was changed or refused."""
    area = area_of(action.model)
    given = {} if run.undo_of_id else action.noted(run.parameters)
    for row_id, values in before.items():
        changed, new = _changes(action, values, after.get(row_id, {}))
        yield EventDraft(
            action=action.code(),
            subject=(area, row_id),
            before=changed or None,
            after=given | new or None,
            reason=run.reason,
            bulk_run_id=run.id,
        )
    if action.is_global and not action.notes_itself:
        yield EventDraft(
            action=action.code(),
            subject=(area, None),
            after=given or None,
            reason=run.reason,
            bulk_run_id=run.id,
        )
    yield from _refusal_drafts(action, run)


def _changes(action: Action, before: Noted, after: Noted) -> tuple[Noted, Noted]:
    """Return what the row had before and has after; where values are set, what differs alone."""
    if not action.restores:
        return before, after
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _refusal_drafts(action: Action, run: BulkRun) -> Iterator[EventDraft]:
    area = area_of(action.model)
    refused = (
        select(key_of(action.model), BulkItem.rule, BulkItem.message)
        .where(BulkItem.run_id == run.id, BulkItem.outcome == "refused")
        .order_by(BulkItem.row_id)
    )
    for row_id, rule, message in db.session.execute(refused):
        yield EventDraft(
            action=action.code(),
            subject=(area, row_id),
            result="denied",
            reason=message or OF_REFUSAL % {"rule": rule},
            bulk_run_id=run.id,
        )
