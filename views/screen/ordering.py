"""The order of a list that nobody has asked for otherwise."""

from collections.abc import Collection
from dataclasses import replace

from backoffice.data.lists import Query
from backoffice.models import fields
from backoffice.models.base import Record


def in_order_of_time(model: type[Record], columns: Collection[str], query: Query) -> Query:
    """Sort a list that is filtered by time in order of that time, unless asked otherwise.

    One index then finds and orders the rows.
    """
    times = [
        f.name
        for f in query.filters
        if f.operator and fields.shape(model, f.name) in ("moment", "day")
    ]
    if query.sort != "-id" or not times or times[0] not in columns:
        return query
    return replace(query, sort=f"-{times[0]}")
