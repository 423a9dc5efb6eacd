"""Remake the search keys of rows whose texts a statement has changed."""

from collections.abc import Collection

from sqlalchemy import Select, select, update

from backoffice.extensions import db
from backoffice.models import fields, keys
from backoffice.models.base import Entity, Searchable

BATCH = 1000  # rows


def remake(model: type[Entity], rows: Select[int], changed: Collection[str]) -> None:
    """Remake the search keys of `rows`, if one of the changed columns is searched."""
    names = model.__search__
    if not issubclass(model, Searchable) or set(names).isdisjoint(changed):
        return
    texts = [fields.attribute(model, name) for name in names]
    statement = select(model.id, *texts).where(model.id.in_(rows))
    for batch in db.session.execute(statement).partitions(BATCH):
        changes = []
        for row_id, *values in batch:
            written = dict(zip(names, values, strict=True))
            changes.append({"id": row_id, "search_key": keys.search_key(model, written)})
        db.session.execute(update(model), changes)
