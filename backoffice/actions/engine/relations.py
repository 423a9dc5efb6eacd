"""Add, remove and restore many-to-many rows for a whole set at once."""

from collections.abc import Sequence

from sqlalchemy import Column, Subquery, cast, delete, func, insert, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkItem
from backoffice.models.types import BigInt, TableColumn


def columns(model: type[Record], name: str) -> tuple[TableColumn, TableColumn]:
    """Return the columns of the association table behind a relation of many to many."""
    relation = fields.relation(model, name)
    ((_own_id, own),) = relation.synchronize_pairs
    ((_other_id, other),) = relation.secondary_synchronize_pairs or ()
    assert isinstance(own, Column)
    assert isinstance(other, Column)
    return own, other


def add(rows: Ids, model: type[Record], name: str, others: Sequence[int]) -> None:
    """Give each of `rows` each of `others` that it does not have yet."""
    own, other = columns(model, name)
    for other_id in others:
        wanted = rows.subquery()
        has = select(own).where(other == other_id)
        missing = select(wanted.c[0], literal(other_id)).where(wanted.c[0].not_in(has))
        db.session.execute(insert(own.table).from_select([own, other], missing))


def remove(rows: Ids, model: type[Record], name: str, others: Sequence[int]) -> None:
    """Take each of `others` from each of `rows`."""
    own, other = columns(model, name)
    db.session.execute(delete(own.table).where(own.in_(rows), other.in_(others)))


def restore(context: ActionContext, rows: Ids, model: type[Record], name: str) -> None:
    """Give `rows` exactly the relations they had before the run that is being undone.

    Related rows that were deleted since then are left out.
    """
    own, other = columns(model, name)
    kept = remembered(context.undo_of, name)
    target = fields.related_model(model, name).id
    _lock(target, kept)
    db.session.execute(delete(own.table).where(own.in_(rows)))
    pairs = select(kept.c.row_id, kept.c.other_id).where(
        kept.c.row_id.in_(rows), kept.c.other_id.in_(select(target))
    )
    db.session.execute(insert(own.table).from_select([own, other], pairs))


def give_back(
    context: ActionContext, rows: Ids, model: type[Record], name: str, others: Sequence[int]
) -> None:
    """Give `rows` those of `others` that they had before the run that is being undone."""
    own, other = columns(model, name)
    kept = remembered(context.undo_of, name)
    _lock(fields.related_model(model, name).id, kept)
    has = select(own).where(own == kept.c.row_id, other == kept.c.other_id).exists()
    pairs = select(kept.c.row_id, kept.c.other_id).where(
        kept.c.row_id.in_(rows), kept.c.other_id.in_(others), ~has
    )
    db.session.execute(insert(own.table).from_select([own, other], pairs))


def take_back(
    context: ActionContext, rows: Ids, model: type[Record], name: str, others: Sequence[int]
) -> None:
    """Take those of `others` from `rows` that they did not have before that run."""
    own, other = columns(model, name)
    kept = remembered(context.undo_of, name)
    had = select(kept.c.row_id).where(kept.c.row_id == own, kept.c.other_id == other).exists()
    taken = delete(own.table).where(own.in_(rows), other.in_(others), ~had)
    db.session.execute(taken, execution_options={"synchronize_session": False})


def _lock(target: InstrumentedAttribute[int], kept: Subquery) -> None:
    """Lock the related rows that exist now, which must exist until the transaction ends."""
    existing = select(target).where(target.in_(select(kept.c.other_id))).order_by(target)
    db.session.execute(existing.with_for_update(read=True))


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
