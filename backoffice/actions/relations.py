"""Adding, removing and bringing back many-to-many rows for a whole set at once."""

from collections.abc import Collection, Sequence

from sqlalchemy import Table, delete, insert, literal, select

from backoffice.actions.action import Ask, Ids
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem


def add(rows: Ids, table: Table, others: Sequence[int]) -> None:
    """Give each of `rows` each of `others` that it has not. The table's columns are (row, other)."""
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


def restore(ask: Ask, rows: Ids, table: Table, name: str, *, among: Collection[int] | None = None) -> None:
    """Give `rows` exactly what they had before the run that is being undone, as far as it is `among` the allowed."""
    own, other = table.columns
    memories = select(BulkItem.row_id, BulkItem.memory).where(BulkItem.run_id == ask.undo_of, BulkItem.row_id.in_(rows))
    there = set(db.session.scalars(select(next(iter(other.foreign_keys)).column)))  # some may be deleted by now
    pairs = [
        {own.name: row_id, other.name: other_id}
        for row_id, memory in db.session.execute(memories)
        for other_id in (memory or {}).get(name, [])
        if other_id in there and (among is None or other_id in among)
    ]
    db.session.execute(delete(table).where(own.in_(rows)))
    if pairs:
        db.session.execute(insert(table), pairs)
