"""The preview: which rows an action would change, which not, and why, frozen with their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    update,
)

from backoffice import clock, limits
from backoffice.actions.engine.action import Action, ActionContext, Ids, Parameter, Rule
from backoffice.data import lists
from backoffice.errors import BadRequest, GrantExceeded, NotFound, RuleBroken
from backoffice.extensions import db, in_bulk
from backoffice.models.base import Entity
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require, scope
from backoffice.policy.step_up import require_recent
from backoffice.text import is_id, plural

MAX_TICKED = limits.TICKED
RETENTION = timedelta(hours=1)
GONE = "This preview is not there any more: one that is not run is kept for an hour. Choose the rows again."


@dataclass(frozen=True)
class Selection:
    """The rows asked for: ticked `ids`, or all that match `query`."""

    ids: Sequence[int] = ()
    query: lists.Query | None = None

    def stored(self) -> dict[str, Any]:
        """What the run keeps of it."""
        if self.query:
            return {"all_matching": True, "query": [list(pair) for pair in self.query.pairs()]}
        return {"ids": list(self.ids)}

    def rows(self, model: type[Entity]) -> ColumnElement[bool]:
        """In SQL: the rows asked for."""
        return lists.condition(model, self.query) if self.query else model.id.in_(list(self.ids))


@dataclass(frozen=True)
class Preview:
    """What would happen: a planned run, and what happens besides. Not `ready` while its parameters are to be chosen."""

    run: BulkRun
    action: Action
    effects: list[tuple[str, str, int]] = field(default_factory=list)
    ready: bool = True

    @property
    def missing(self) -> int:
        """How many of the ticked rows were not there."""
        ticked = self.run.selection.get("ids", ())
        return len(set(ticked)) - self.run.planned if ticked else 0


@in_bulk
def preview(
    *,
    actor: Actor,
    action: Action,
    selection: Selection,
    parameters: Mapping[str, Any] | None = None,
    draft: dict[str, Any] | None = None,
) -> Preview:
    """Freeze what `action` would do to each selected row, and change nothing.

    Without `parameters` they are to be chosen later, by `choose`; `draft` is kept until the run.
    Raises NotAllowed, BadRequest (too many ticked), RuleBroken (a parameter, with its field) or NotFound (no row).
    """
    require_for(actor, action, all_matching=selection.query is not None)
    if len(selection.ids) > MAX_TICKED:
        raise BadRequest(f"Tick at most {MAX_TICKED:,} rows, or take all that match.")
    values = {} if parameters is None else checked_parameters(actor, action, parameters)
    run = BulkRun(parameters=values, selection=selection.stored(), draft=draft)
    freeze(actor, action, run, selection.rows(action.model))
    if not run.planned:
        raise NotFound(
            "No row matches." if selection.query else "None of these rows is there any more."
        )
    require_for(actor, action, rows=run.planned)
    if action.most_rows and run.planned > action.most_rows:
        raise BadRequest(
            f"{action.label} takes {plural(action.most_rows, 'row', 'rows')} at a time."
        )
    return _shown(action, run)


def freeze(actor: Actor, action: Action, run: BulkRun, asked_for: ColumnElement[bool]) -> None:
    """Keep `run` as a plan over the rows that the actor sees of those `asked_for`, each with outcome and version."""
    _forget_old()
    run.action, run.actor_id, run.created_at = action.code(), actor.user_id, clock.now()
    db.session.add(run)
    db.session.flush()
    wanted = and_(scope(actor, action.model), asked_for)
    selected = select(action.model.id).where(wanted).correlate(None)
    outcome, rule = outcomes(
        action, ActionContext(actor, selected, run.parameters, undo_of=run.undo_of_id)
    )
    rows = select(literal(run.id), action.model.id, outcome, rule, action.model.version).where(
        wanted
    )
    db.session.execute(
        insert(BulkItem).from_select(["run_id", "row_id", "outcome", "rule", "version"], rows)
    )
    run.counts = counts(run.id)
    run.planned = sum(run.counts.values())


def choose(*, actor: Actor, token: UUID, action: Action, parameters: Mapping[str, Any]) -> None:
    """Choose the preview's parameters, and judge its rows anew as they are now.

    Raises NotAllowed, NotFound, or RuleBroken with the parameter's name as its field.
    """
    require(actor, action.permission)
    run = own(actor, token, action, locked=True)
    if run.state != "planned" or run.undo_of_id:
        raise RuleBroken("What was chosen for this run stays as it is.")
    run.parameters, run.created_at = checked_parameters(actor, action, parameters), clock.now()
    items, model = select(BulkItem.row_id).where(BulkItem.run_id == run.id), action.model
    outcome, rule = outcomes(action, ActionContext(actor, items, run.parameters))
    visible = and_(model.id.in_(items), scope(actor, model))
    judged = (
        select(model.id, outcome.label("outcome"), rule.label("rule"), model.version)
        .where(visible)
        .subquery()
    )
    mine = BulkItem.run_id == run.id
    change = update(BulkItem).where(mine, BulkItem.row_id == judged.c.id)
    fresh = change.values(outcome=judged.c.outcome, rule=judged.c.rule, version=judged.c.version)
    gone = delete(BulkItem).where(
        mine, BulkItem.row_id.not_in(select(model.id).where(scope(actor, model)))
    )
    for statement in (fresh, gone):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    run.counts = counts(run.id)
    run.planned = sum(run.counts.values())


def opened(*, actor: Actor, token: UUID, action: Action) -> Preview:
    """The actor's own preview as it was made; or, where its state says so, what became of it.

    Raises NotAllowed, NotFound (unknown, somebody else's, or too old), or ConfirmationNeeded.
    """
    require(actor, action.permission)
    run = own(actor, token, action)
    if run.undo_of_id:
        require(actor, "bulk.undo")
    shown = _shown(action, run)
    if run.state == "planned" and shown.ready and action.needs_confirmation(run.parameters):
        require_recent(actor)
    return shown


def own(actor: Actor, token: UUID, action: Action, *, locked: bool = False) -> BulkRun:
    """The actor's run of this action behind the token; previews that are too old are gone."""
    mine = (
        BulkRun.token == token,
        BulkRun.actor_id == actor.user_id,
        BulkRun.action == action.code(),
    )
    statement = select(BulkRun).where(*mine)
    if locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None or (found.state == "planned" and found.created_at < clock.now() - RETENTION):
        raise NotFound(GONE)
    return found


def jot(*, actor: Actor, token: UUID, action: Action, **typed: Any) -> None:
    """Keep what was typed into the preview's form, and why it was refused, until it is sent again."""
    run = own(actor, token, action, locked=True)
    if run.state == "planned":
        run.draft = {**(run.draft or {}), **typed}
        db.session.flush()


def _shown(action: Action, run: BulkRun) -> Preview:
    ready = bool(run.undo_of_id) or all(p.name in run.parameters for p in action.parameters)
    return Preview(run, action, _effects(action, run) if ready else [], ready)


def require_for(actor: Actor, action: Action, *, rows: int = 1, all_matching: bool = False) -> None:
    """Ask the policy for the action, and for taking several rows or all that match."""
    require(actor, action.permission)
    if rows > 1:
        require(actor, "bulk.run")
    if all_matching:
        require(actor, "bulk.run_all_matching")


def checked_parameters(
    actor: Actor, action: Action, given: Mapping[str, Any], *, locked: bool = False
) -> dict[str, Any]:
    """The parameters as {name: [ids]}, each one a row that the actor sees and may give.

    With `locked` these rows stay as they are until the transaction ends.
    Raises RuleBroken with the parameter's name as its field.
    """
    found: dict[str, Any] = {}
    for parameter in action.parameters:
        ids = _ids(parameter, given.get(parameter.name, ()))
        if not ids or (len(ids) > 1 and not parameter.multiple):
            raise RuleBroken(f"Choose {parameter.label.lower()}.", field=parameter.name)
        model = parameter.model
        if locked:
            chosen = select(model.id).where(model.id.in_(ids)).order_by(model.id)
            db.session.execute(chosen.with_for_update(read=True))
        seen = select(model.id, parameter.offered(actor)).where(
            model.id.in_(ids), scope(actor, model)
        )
        rows = dict(db.session.execute(seen).all())
        if missing := [i for i in ids if i not in rows]:
            raise RuleBroken(
                f"There is no {model.__singular__} with the number {missing[0]}.",
                field=parameter.name,
            )
        if not all(rows.values()):
            raise GrantExceeded(parameter.refusal, field=parameter.name, code=action.permission)
        found[parameter.name] = ids
    return found


def _ids(parameter: Parameter, given: Sequence[Any]) -> list[int]:
    texts = [str(value) for value in given if str(value)]
    if odd := [text for text in texts if not is_id(text)]:
        raise RuleBroken(
            f"There is no {parameter.model.__singular__} “{odd[0][:40]}”.", field=parameter.name
        )
    return sorted({int(text) for text in texts})


def outcomes(
    action: Action, context: ActionContext
) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """In SQL: the outcome of a row, and the code of the rule that refused it.

    Before anything is chosen only those rules speak that do not depend on it.
    """
    refusals = [(rule.refuses(context), rule.code) for rule in _rules(action, context)]
    rule = case(*refusals, else_="") if refusals else literal("")
    refused = [(condition, "refused") for condition, _ in refusals]
    return case(*refused, (_unchanged(action, context), "unchanged"), else_="done"), rule


def _rules(action: Action, context: ActionContext) -> list[Rule]:
    """Those that have something to say."""
    return [rule for rule in action.rules if not (_undecided(action, context) and rule.of_choice)]


def _unchanged(action: Action, context: ActionContext) -> ColumnElement[bool]:
    return false() if _undecided(action, context) else action.unchanged(context)


def _undecided(action: Action, context: ActionContext) -> bool:
    return bool(action.parameters) and not context.parameters


def counts(run_id: int) -> dict[str, int]:
    """How many rows of a run have each outcome."""
    statement = (
        select(BulkItem.outcome, func.count())
        .where(BulkItem.run_id == run_id)
        .group_by(BulkItem.outcome)
    )
    return dict(db.session.execute(statement).all())


def rows_to_change(run_id: int) -> Ids:
    """The ids of the rows of a run that are, or will be, changed."""
    return select(BulkItem.row_id).where(BulkItem.run_id == run_id, BulkItem.outcome == "done")


def menu(actor: Actor, actions: Sequence[Action], row_id: int) -> list[tuple[Action, str, str]]:
    """For one row: each action with its outcome and the rule that refuses it, in one statement.

    A rule that several actions share is asked once: making the statement takes longer than its answer.
    """
    if not actions:
        return []
    model = actions[0].model
    context = ActionContext(actor, select(model.id).where(model.id == row_id))
    rules = list(dict.fromkeys(rule for action in actions for rule in _rules(action, context)))
    asked = [rule.refuses(context) for rule in rules] + [
        _unchanged(action, context) for action in actions
    ]
    columns = [condition.label(f"asked_{number}") for number, condition in enumerate(asked)]
    row = db.session.execute(
        select(*columns).where(model.id == row_id, scope(actor, model))
    ).first()
    if row is None:
        raise NotFound
    refuses = dict(zip(rules, row, strict=False))
    found = []
    for action, unchanged in zip(actions, row[len(rules) :], strict=True):
        refusing = next((rule.code for rule in _rules(action, context) if refuses[rule]), "")
        outcome = "refused" if refusing else "unchanged" if unchanged else "done"
        found.append((action, outcome, refusing))
    return found


def _effects(action: Action, run: BulkRun) -> list[tuple[str, str, int]]:
    found = [
        (e.singular, e.plural, db.session.scalar(e.count(rows_to_change(run.id))) or 0)
        for e in action.effects
    ]
    return [effect for effect in found if effect[2]]


def _forget_old() -> None:
    """Previews that were never run are not kept."""
    old = (BulkRun.state == "planned", BulkRun.created_at < clock.now() - RETENTION)
    db.session.execute(delete(BulkRun).where(*old).execution_options(synchronize_session=False))
