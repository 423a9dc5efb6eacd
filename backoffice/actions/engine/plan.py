"""Preview actions: store which rows an action would change, with their versions.

A preview is a `BulkRun` that is only planned. Each of its items holds the outcome that the row
would have and, if a rule refuses it, the code of that rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.orm import aliased

from backoffice import clock, limits
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.judgement import judge_each_row, outcomes
from backoffice.actions.engine.parameters import Stored
from backoffice.data import lists, same_keys
from backoffice.errors import BadRequest, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Entity
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of, of_items
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require, scope
from backoffice.policy.step_up import require_recent
from backoffice.text.numbers import formatted
from backoffice.transactions import in_bulk

MAX_TICKED = limits.TICKED
RETENTION = timedelta(hours=1)
GONE = _l(
    "This preview is not there any more: one that is not run is kept for an hour."
    " Choose the rows again."
)


@dataclass(frozen=True)
class Selection:
    """The rows that an action is asked for: ticked `ids`, or all that match `query`."""

    ids: Sequence[RowKey] = ()
    query: lists.Query | None = None

    def stored(self) -> dict[str, object]:
        """Return the selection as the run stores it."""
        if self.query:
            return {"all_matching": True, "query": [list(pair) for pair in self.query.pairs()]}
        return {"ids": list(self.ids)}

    def rows(self, actor: Actor, model: type[Entity]) -> ColumnElement[bool]:
        """Return the SQL condition for the rows asked for."""
        if self.query:
            return lists.condition(actor, model, self.query)
        return model.id.in_(list(self.ids))


@dataclass(frozen=True)
class Preview:
    """A planned run and its side effects.

    `effects` holds (singular, plural, count). `ready` is false until the parameters are chosen.
    """

    run: BulkRun
    action: Action
    effects: list[tuple[str, str, int]] = field(default_factory=list)
    ready: bool = True

    @property
    def missing(self) -> int:
        """The number of ticked rows that do not exist."""
        ticked = self.run.selection.get("ids", ())
        if not ticked:
            return 0
        return len(set(ticked)) - self.run.planned


@in_bulk
def preview(
    *,
    actor: Actor,
    action: Action,
    selection: Selection,
    parameters: Mapping[str, Sequence[object]] | None = None,
    draft: Mapping[str, object] | None = None,
) -> Preview:
    """Store what `action` would do to each selected row, and change nothing.

    Without `parameters`, `choose` has to set them later. `draft` is kept until the run.
    Raises NotAllowed, BadRequest (too many rows), NotFound (no row), or RuleBroken with the
    parameter's name as its field.
    """
    require_for(actor, action, all_matching=selection.query is not None)
    if len(selection.ids) > MAX_TICKED:
        most = formatted(MAX_TICKED)
        raise BadRequest(_("Tick at most %(number)s rows, or take all that match.", number=most))
    chosen = _given(actor, action, parameters)
    run = BulkRun(parameters=chosen, selection=selection.stored(), draft=draft)
    rows = _rows(actor, action, selection)
    store_plan(actor=actor, action=action, run=run, rows=rows)
    _check_number(actor, action, run, selection)  # it is known only now
    judge_and_count(actor, action, run)
    return _shown(action, run)


def _given(
    actor: Actor, action: Action, parameters: Mapping[str, Sequence[object]] | None
) -> Stored:
    """Return the parameters as a run stores them; none if they are still to be chosen."""
    if parameters is None and action.parameters:
        return {}
    return action.accepted(actor, parameters or {})


def _rows(actor: Actor, action: Action, selection: Selection) -> ColumnElement[bool]:
    return false() if action.is_global else selection.rows(actor, action.model)


def _check_number(actor: Actor, action: Action, run: BulkRun, selection: Selection) -> None:
    if action.is_global:
        return
    if not run.planned and selection.query:
        raise NotFound(_("No row matches."))
    if not run.planned:
        raise NotFound(_("None of these rows is there any more."))
    require_for(actor, action, rows=run.planned)
    most = action.most_rows or (limits.JUDGED_EACH if action.judges_each_row() else 0)
    if most and run.planned > most:
        text = _n(
            "%(action)s takes %(number)s row at a time.",
            "%(action)s takes %(number)s rows at a time.",
            most,
            action=action.label,
            number=formatted(most),
        )
        raise BadRequest(text)


def store_plan(*, actor: Actor, action: Action, run: BulkRun, rows: ColumnElement[bool]) -> None:
    """Store `run` as a plan over those of `rows` that the actor sees.

    Each row is stored with its outcome and version.
    """
    _forget_old()
    run.action = action.code()
    run.actor_id = actor.user_id
    run.created_at = clock.now()
    db.session.add(run)
    db.session.flush()
    _add_items(actor, action, run, rows)
    _count(run)


def _add_items(actor: Actor, action: Action, run: BulkRun, asked: ColumnElement[bool]) -> None:
    model = action.model
    wanted = and_(scope(actor, model), asked)
    same_keys.require_distinct(model, wanted)
    # A rule on the same table must not correlate this subquery with its own rows.
    selected = select(model.id).where(wanted).correlate(None)
    chosen = chosen_for(action, run)
    context = ActionContext(actor, selected, chosen, undo_of=run.undo_of_id)
    outcome, rule = outcomes(action, context)
    rows = _numbered(model, run, outcome, rule, model.version).where(wanted)
    columns = ["run_id", "row_id", "row_key", "outcome", "rule", "version"]
    db.session.execute(insert(BulkItem).from_select(columns, rows))


def _numbered(model: type[Entity], run: BulkRun, *judged: Any) -> Any:
    """Select the run, the number and the key by which it knows a row, and what was judged.

    A row without a number has its place in the run instead, and in an undo that of the run which is
    undone.
    """
    if row_keys.is_numbered(model):
        return select(literal(run.id), model.id, null(), *judged)
    if not run.undo_of_id:
        place = func.row_number().over(order_by=row_keys.parts(model.id))
        return select(literal(run.id), place, row_keys.as_text(model), *judged)
    item = aliased(BulkItem)
    same = and_(item.run_id == run.undo_of_id, key_of(model, item) == model.id)
    rows = select(literal(run.id), item.row_id, item.row_key, *judged)
    return rows.select_from(model).join(item, same)


def judge_and_count(actor: Actor, action: Action, run: BulkRun) -> None:
    """Judge each row where the action asks for that, and count the outcomes."""
    context = ActionContext(
        actor, rows_of(action.model, run.id), chosen_for(action, run), undo_of=run.undo_of_id
    )
    judge_each_row(action, context, run)
    _count(run)


def _count(run: BulkRun) -> None:
    run.counts = counts(run.id)
    run.planned = sum(run.counts.values())


def choose(
    *, actor: Actor, token: UUID, action: Action, parameters: Mapping[str, Sequence[object]]
) -> None:
    """Set the preview's parameters, and judge its rows again as they are now.

    Raises NotAllowed, NotFound, or RuleBroken with the parameter's name as its field.
    """
    require(actor, action.permission)
    run = own_run(actor, token, action, locked=True)
    if run.state != "planned" or run.undo_of_id:
        raise RuleBroken(_("What was chosen for this run stays as it is."))
    run.parameters = action.accepted(actor, parameters)
    run.created_at = clock.now()  # RETENTION counts from the choice
    _judge_items(actor, action, run)
    _drop_invisible_items(actor, action, run)
    judge_and_count(actor, action, run)


def _judge_items(actor: Actor, action: Action, run: BulkRun) -> None:
    model = action.model
    context = ActionContext(actor, rows_of(model, run.id), chosen_for(action, run))
    outcome, rule = outcomes(action, context)
    item = aliased(BulkItem)
    fresh = (outcome.label("outcome"), rule.label("rule"), model.version.label("version"))
    rows = of_items(select(item.row_id, *fresh), model, item)
    _update_items(run, rows.where(item.run_id == run.id, scope(actor, model)).subquery())


def _update_items(run: BulkRun, judged: Subquery) -> None:
    values = {name: judged.c[name] for name in ("outcome", "rule", "version")}
    change = update(BulkItem).values(**values, message="")
    change = change.where(BulkItem.run_id == run.id, BulkItem.row_id == judged.c.row_id)
    db.session.execute(change, execution_options={"synchronize_session": False})


def _drop_invisible_items(actor: Actor, action: Action, run: BulkRun) -> None:
    visible = select(action.model.id).where(scope(actor, action.model))
    key = key_of(action.model)
    drop = delete(BulkItem).where(BulkItem.run_id == run.id, key.not_in(visible))
    db.session.execute(drop, execution_options={"synchronize_session": False})


def load_preview(*, actor: Actor, token: UUID, action: Action) -> Preview:
    """Return the actor's own preview as it was made, or the run that it has become.

    Raises NotAllowed, NotFound (unknown, somebody else's, or too old), or ConfirmationNeeded.
    """
    require(actor, action.permission)
    run = own_run(actor, token, action)
    if run.undo_of_id:
        require(actor, "bulk.undo")
    shown = _shown(action, run)
    if run.state == "planned" and shown.ready:
        require_recent_for(actor, action, run.parameters)
    return shown


def own_run(actor: Actor, token: UUID, action: Action, *, locked: bool = False) -> BulkRun:
    """Return the actor's run of this action that the token identifies.

    With `locked`, its row is locked until the transaction ends.
    Raises NotFound for an unknown token and for a preview that is too old.
    """
    mine = (
        BulkRun.token == token,
        BulkRun.actor_id == actor.user_id,
        BulkRun.action == action.code(),
    )
    statement = select(BulkRun).where(*mine)
    if locked:
        # The session may hold the run as it was before somebody else changed it.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    run = db.session.scalar(statement)
    if run is None or (run.state == "planned" and run.created_at < clock.now() - RETENTION):
        raise NotFound(str(GONE))
    return run


def save_draft(*, actor: Actor, token: UUID, action: Action, **typed: object) -> None:
    """Keep what was typed into the preview's form, and why it was refused, until the next try."""
    run = own_run(actor, token, action, locked=True)
    if run.state == "planned":
        run.draft = {**(run.draft or {}), **typed}
        db.session.flush()


def _shown(action: Action, run: BulkRun) -> Preview:
    # Parameters are chosen together: where one is there, all are that were asked for.
    ready = bool(run.undo_of_id or run.parameters) or not action.parameters
    effects = _effects(action, run) if ready else []
    return Preview(run, action, effects, ready)


def require_for(actor: Actor, action: Action, *, rows: int = 1, all_matching: bool = False) -> None:
    """Require the permission for the action, and for several rows or all that match."""
    require(actor, action.permission)
    if rows > 1:
        require(actor, "bulk.run")
    if all_matching:
        require(actor, "bulk.run_all_matching")


def chosen_for(action: Action, run: BulkRun) -> dict[str, Any]:
    """Return the run's parameters as `context.parameters` has them.

    In an undo that restores values they only tell what is changed: they may fit no more.
    """
    try:
        return action.chosen(run.parameters)
    except RuleBroken:
        if run.undo_of_id and action.restores:
            return dict.fromkeys(run.parameters)
        raise


def require_recent_for(actor: Actor, action: Action, parameters: Stored) -> None:
    """Require a recent password or code where the action, with these parameters, asks for one."""
    if action.needs_confirmation(action.chosen(parameters)):
        require_recent(actor)


def counts(run_id: int) -> dict[str, int]:
    """Return how many rows of a run have each outcome."""
    statement = (
        select(BulkItem.outcome, func.count())
        .where(BulkItem.run_id == run_id)
        .group_by(BulkItem.outcome)
    )
    return dict(db.session.execute(statement).all())


def rows_of(model: type[Entity], run_id: int) -> Ids:
    """Select the ids of all rows of a run."""
    return select(key_of(model)).where(BulkItem.run_id == run_id)


def rows_to_change(model: type[Entity], run_id: int) -> Ids:
    """Select the ids of the rows that a run changes or has changed."""
    return rows_of(model, run_id).where(BulkItem.outcome == "done")


def _effects(action: Action, run: BulkRun) -> list[tuple[str, str, int]]:
    effects = []
    for effect in action.effects:
        number = db.session.scalar(effect.count(rows_to_change(action.model, run.id)))
        if number:
            effects.append((effect.singular, effect.plural, number))
    return effects


def _forget_old() -> None:
    """Delete the previews that were never run."""
    old = (BulkRun.state == "planned", BulkRun.created_at < clock.now() - RETENTION)
    db.session.execute(delete(BulkRun).where(*old).execution_options(synchronize_session=False))
