"""Add, remove and restore many-to-many rows for a whole set at once."""

from collections.abc import Sequence

from sqlalchemy import Subquery, Table, cast, delete, func, insert, literal, select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem
from backoffice.models.types import BigInt


def add(rows: Ids, table: Table, others: Sequence[int]) -> None:
    """Give each of `rows` each of `others` that it does not have yet.

    The columns of `table` are (row, other).
    """
    own, other = table.columns
    for other_id in others:
        wanted = rows.subquery()
        has = select(own).where(other == other_id)
        missing = select(wanted.c[0], literal(other_id)).where(wanted.c[0].not_in(has))
        db.session.execute(insert(table).from_select([own, other], missing))


def remove(rows: Ids, table: Table, others: Sequence[int]) -> None:
    """Take each of `others` from each of `rows`."""
    own, other = table.columns
    db.session.execute(delete(table).where(own.in_(rows), other.in_(others)))


def restore(context: ActionContext, rows: Ids, table: Table, name: str) -> None:
    """Give `rows` exactly the relations they had before the run that is being undone.

    Related rows that were deleted since then are left out.
    """
    own, other = table.columns
    kept = remembered(context.undo_of, name)
    target = next(iter(other.foreign_keys)).column
    existing = select(target).where(target.in_(select(kept.c.other_id))).order_by(target)
    # The related rows that exist now must exist until the transaction ends.
    db.session.execute(existing.with_for_update(read=True))
    db.session.execute(delete(table).where(own.in_(rows)))
    pairs = select(kept.c.row_id, kept.c.other_id).where(
        kept.c.row_id.in_(rows),
        kept.c.other_id.in_(select(target)),
    )
    db.session.execute(insert(table).from_select([own, other], pairs))


def remembered(run_id: int | None, name: str) -> Subquery:
    """Return a subquery of the pairs (row_id, other_id) that a run keeps for its undo.

    `name` is the many-to-many attribute that the run remembers.
    """
    # Each engine has its own function that turns a JSON array into rows.
    if db.session.get_bind().dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(BulkItem.memory[name])
    else:
        each = func.json_each(BulkItem.memory, f"$.{name}")
    value = each.table_valued("value", joins_implicitly=True).c.value
    pairs = select(BulkItem.row_id, cast(value, BigInt).label("other_id"))
    return pairs.where(BulkItem.run_id == run_id).subquery()
