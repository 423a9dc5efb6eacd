"""Read the columns of a list as its reader sees them, with the labels of related rows."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import select

from backoffice.data import related
from backoffice.data.related import Labels, Readable, Statement
from backoffice.data.sorting import sort_key
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.masking import Revealed


def statement(actor: Actor, model: type[Record], columns: Sequence[str], sort: str) -> Statement:
    """Return the statement that reads these columns, and what the list is sorted by."""
    readable = related.readable_ids(actor, model, columns)
    revealed = masking.revealed_to(actor)
    if readable or revealed:
        # A statement with the restrictions of an actor is not cached.
        return _statement.__wrapped__(model, tuple(columns), sort, revealed, readable)
    return _statement(model, tuple(columns), sort, revealed)


def related_rows(
    actor: Actor, model: type[Record], columns: Sequence[str], ids: Sequence[RowKey]
) -> Labels:
    """Return the ids and labels of the several related rows of these columns, by column and row."""
    many = [name for name in columns if fields.is_many(model, name)]
    readable = related.readable_ids(actor, model, many)
    return related.told(actor, model, related.labels(model, ids, many, readable))


# SQLAlchemy takes longer to build a statement than PostgreSQL takes to answer it. The part that
# does not depend on the request is therefore cached. People choose their columns, so there may be
# many statements; the least used are dropped.
@lru_cache(maxsize=256)
def _statement(
    model: type[Record],
    names: tuple[str, ...],
    sort: str,
    revealed: Revealed,
    readable: Readable | None = None,
) -> Statement:
    read: Statement = select(model.id, sort_key(model, sort).label("sort_key"))
    for name in names:
        if fields.is_one(model, name):
            ids = readable.get(name) if readable else None
            read = related.with_label(read, model, name, ids, revealed)
        elif not fields.is_many(model, name) and name != "id":
            read = read.add_columns(masking.shown(revealed, model, name).label(name))
    return read
