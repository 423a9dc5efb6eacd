"""Judge rows: would an action change a row, and which rule refuses it?

SQL judges all rows at once. What SQL cannot tell is then asked for each row that is left.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, case, false, literal, select, update

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.rules import Rule
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Entity
from backoffice.models.bulk_run import BulkItem, BulkRun, key_of
from backoffice.models.row_keys import RowKey

BATCH = 500  # rows
LENGTH: int = BulkItem.__table__.c.message.type.length  # type: ignore[attr-defined]  # a String


def outcomes(
    action: Action, context: ActionContext
) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Return two SQL expressions: a row's outcome, and the code of the rule that refused it.

    Until the parameters are chosen, only the rules that do not depend on them apply.
    """
    refusals = [(rule.refuses(context), rule.code) for rule in applicable_rules(action, context)]
    rule = case(*refusals, else_="") if refusals else literal("")
    refused = [(condition, "refused") for condition, _ in refusals]
    # The first condition that holds decides: a refused row is never called unchanged.
    without_effect = (unchanged(action, context), "unchanged")
    return case(*refused, without_effect, else_="done"), rule


def applicable_rules(action: Action, context: ActionContext) -> list[Rule]:
    """Return the rules that apply in this context."""
    if not _lacks_parameters(action, context) and not is_restoring(action, context):
        return list(action.rules)
    return [rule for rule in action.rules if not rule.of_choice]


def unchanged(action: Action, context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for rows that the action would not change.

    Until the parameters are chosen, and where values are restored, it holds for no row.
    """
    if _lacks_parameters(action, context) or is_restoring(action, context):
        return false()
    return action.unchanged(context)


def is_restoring(action: Action, context: ActionContext) -> bool:
    """Return whether rows get their former values back, instead of what the action does."""
    return bool(context.undo_of and action.restores)


def judge_each_row(action: Action, context: ActionContext, run: BulkRun) -> None:
    """Refuse those of the rows to change that only Python can judge."""
    is_decided = is_restoring(action, context) or not _lacks_parameters(action, context)
    if not (is_decided and action.judges_each_row()):
        return
    item = (BulkItem.run_id == run.id, BulkItem.outcome == "done")
    keys = select(key_of(action.model)).where(*item).order_by(BulkItem.row_id)
    ids = db.session.scalars(keys).all()
    for batch in _batches(ids):
        rows = db.session.scalars(select(action.model).where(action.model.id.in_(batch))).all()
        refused = action.refusals(context, rows)
        if refused:
            _refuse(action, run, refused)
        forget(rows)  # statements are about to change them


def forget(rows: Sequence[Entity]) -> None:
    """Let the session forget rows, and those that it forgets along with them."""
    for row in rows:
        if row in db.session:
            db.session.expunge(row)


def _refuse(action: Action, run: BulkRun, refused: Mapping[RowKey, str]) -> None:
    number_of = numbers(action.model, run)
    changes = [
        {
            "run_id": run.id,
            "row_id": number_of(row_id),
            "outcome": "refused",
            "message": sentence[:LENGTH],
        }
        for row_id, sentence in refused.items()
    ]
    db.session.execute(update(BulkItem), changes)


def numbers(model: type[Entity], run: BulkRun) -> Callable[[RowKey], int]:
    """Return the function from the id of a row to the number by which the run knows it."""
    if row_keys.is_numbered(model):
        return int
    known = select(key_of(model), BulkItem.row_id).where(BulkItem.run_id == run.id)
    by_key: dict[RowKey, int] = dict(db.session.execute(known).all())
    return by_key.__getitem__


def _batches(ids: Sequence[RowKey]) -> Iterator[Sequence[RowKey]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _lacks_parameters(action: Action, context: ActionContext) -> bool:
    return bool(action.parameters) and not context.parameters
