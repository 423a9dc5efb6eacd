"""Query a list of any model: search, filters, sort and keyset paging, within the actor's scope."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, literal, select

from backoffice import limits
from backoffice.data import (
    comparable,
    conditions,
    cursors,
    disclosure,
    filters,
    page_sizes,
    reading,
    related,
    searching,
)
from backoffice.data.filters import RESERVED, Allowed, Filter
from backoffice.data.related import Labels, Statement
from backoffice.data.sorting import before_id, order_by, sort_key, sortable
from backoffice.errors import BadRequest
from backoffice.extensions import db
from backoffice.models import fields, row_keys, search
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope, sees_part
from backoffice.text.numbers import formatted

COUNT_CAP = limits.COUNTED
# If a search matches more rows, they are so dense that the first ones are found without the index.
MANY = 5_000


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a person asked a list for.

    `sort` is the name of an attribute, with a minus before it for descending order. `after` or
    `before` is the cursor of the row next to the page. `pinned` names the filter that belongs to
    the place where the list is shown, and not to what was asked for. `is_exact` says that whoever
    sees masks may find a row by its whole address or number (comparable.py).
    """

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str = "-id"
    after: str = ""
    before: str = ""
    size: int = page_sizes.USUAL
    pinned: str = ""
    is_exact: bool = False

    @property
    def asked(self) -> tuple[Filter, ...]:
        """The filters that people can take off."""
        return tuple(each for each in self.filters if each.name != self.pinned)

    @property
    def sort_name(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def cursor(self) -> str:
        """The cursor next to the page, in either direction; '' for the first page."""
        return self.before or self.after

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    def pairs(self) -> list[tuple[str, str]]:
        """Return the search and the filters, which decide what rows match, as in a query string."""
        pairs = [("search", self.search)] if self.search else []
        for filter_ in self.filters:
            pairs.extend((filter_.key, value) for value in filter_.values)
        return pairs


@dataclass(frozen=True)
class Page:
    """One page of rows as plain tuples.

    `count` is the number of rows that match, if it was asked for. `related` holds the related rows
    by column and id. `previous` and `next` are the cursors of the neighbouring pages.
    """

    rows: Sequence[cursors.Found]
    count: int | None = None
    related: Labels = field(default_factory=dict)
    previous: str | None = None
    next: str | None = None


def parse(
    model: type[Record],
    pairs: Iterable[tuple[str, str]],
    *,
    allowed: Allowed | None = None,
    sort: str = "-id",
    size: int = page_sizes.USUAL,
    zone: tzinfo = UTC,
) -> Query:
    """Return the query in a query string, in which days are those of `zone`.

    Raises BadRequest with the offending key as its field.
    """
    reserved, filter_pairs = _separated(pairs)
    if allowed is None:
        allowed = filters.filterable(model)
    parsed = filters.parse(model, filter_pairs, allowed, zone)
    query = Query(
        filters=filters.with_recent(model, parsed, zone),
        search=searching.parse(reserved.get("search", "")),
        sort=_sort(model, reserved.get("sort") or sort),
        after=reserved.get("after", ""),
        before=reserved.get("before", ""),
        size=page_sizes.parse(reserved["size"]) if reserved.get("size") else size,
    )
    # Refuses a value that does not fit now, not when the rows are read.
    conditions.every(model, query.filters)
    return query


def _separated(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Separate the values of the reserved keys from the filters."""
    reserved: dict[str, str] = {}
    filter_pairs: list[tuple[str, str]] = []
    for key, value in pairs:
        if key not in RESERVED:
            filter_pairs.append((key, value))
        elif reserved.setdefault(key, value) != value:
            raise BadRequest(_("“%(key)s” was given twice.", key=key), field=key)
    return reserved, filter_pairs


def condition(
    actor: Actor, model: type[Record], query: Query, *, indexed: bool = True
) -> ColumnElement[bool]:
    """Return the SQL condition for the rows that match the search and the filters.

    It does not include the scope. `indexed` says whether to use the search index, see
    `searching.condition`. Raises BadRequest if the actor sees masked what is asked for.
    """
    names = tuple(filter_.name for filter_ in query.filters)
    comparable.require(actor, model, names, query.sort_name)
    by_search = comparable.search(actor, model, query.search, exact=query.is_exact, indexed=indexed)
    return and_(by_search, conditions.every(model, query.filters, indexed=indexed))


def matching(
    actor: Actor, model: type[Record], query: Query, *, indexed: bool = True
) -> ColumnElement[bool]:
    """Return the SQL condition for the rows that the actor sees and that match.

    A search finds only rows that the actor may read in full, because it would otherwise reveal
    their words.
    """
    matches = and_(scope(actor, model), condition(actor, model, query, indexed=indexed))
    is_readable = disclosure.readable(actor, model) if query.search else None
    if is_readable is None:
        return matches
    return and_(matches, is_readable)


def cap(actor: Actor, model: type[Record]) -> int:
    """Return how far rows of `model` are counted for the actor.

    Whoever sees one row of twenty has twenty read for each that is counted.
    """
    return min(limits.COUNTED_OF_PART, COUNT_CAP) if sees_part(actor, model) else COUNT_CAP


def count(actor: Actor, model: type[Record], query: Query) -> int:
    """Count the rows that match, up to `cap` + 1.

    Nobody reads more rows, and an exact count would have to read the whole table.
    """
    return db.session.scalar(_counting(actor, model, query)) or 0


def counts(actor: Actor, model: type[Record], queries: Sequence[Query]) -> list[int]:
    """Count the rows of several queries in one statement, each as `count` does."""
    counting = [_counting(actor, model, query).scalar_subquery() for query in queries]
    return list(db.session.execute(select(*counting)).one()) if counting else []


def spread(actor: Actor, model: type[Record], query: Query, name: str) -> dict[Any, int]:
    """Count the values of a column among the newest rows that match, `cap` of them at most."""
    values = select(fields.attribute(model, name).label("value"))
    newest = values.where(matching(actor, model, query)).order_by(model.id.desc())
    rows = newest.limit(cap(actor, model)).subquery()
    counting = select(rows.c.value, func.count()).group_by(rows.c.value)
    return dict(db.session.execute(counting).all())


def matches_many(
    actor: Actor, model: type[Record], query: Query, number: int | None = None
) -> bool:
    """Return whether texts match so many rows that the search index is of no use.

    `number` is how many rows the actor's list counts, if it is known.
    """
    if not _asks_for_texts(model, query):
        return False
    most = min(MANY, cap(actor, model))
    if number is None:
        number = db.session.scalar(_counting(actor, model, query, most)) or 0
    if number <= most or most == MANY:
        return number > most
    # The index finds those too that the actor does not see.
    found = select(literal(1)).select_from(model).where(condition(actor, model, query))
    return (db.session.scalar(counting(found, MANY)) or 0) > MANY


def _asks_for_texts(model: type[Record], query: Query) -> bool:
    """Return whether the search index may find the rows."""
    return bool(query.search) or any(search.indexed(model, each.name) for each in query.filters)


def capped(number: int, most: int = COUNT_CAP) -> str:
    """Return a count up to `most` + 1 as people read it."""
    return f"{formatted(most)}+" if number > most else formatted(number)


def count_text(actor: Actor, model: type[Record], number: int) -> str:
    """Return a count of rows of `model` as the actor reads it."""
    return capped(number, cap(actor, model))


def _counting(
    actor: Actor, model: type[Record], query: Query, most: int | None = None
) -> Select[int]:
    """Select the number of rows that match, up to `most` + 1, or `cap` + 1."""
    rows = select(literal(1)).select_from(model).where(matching(actor, model, query))
    if _counts_in_order(model, query):
        rows = rows.order_by(sort_key(model, query.sort_name).desc(), model.id.desc())
    return counting(rows, cap(actor, model) if most is None else most)


def counting(rows: Select[Any] | CompoundSelect[Any], most: int = COUNT_CAP) -> Select[int]:
    """Select the number of these rows, up to `most` + 1."""
    return select(func.count()).select_from(rows.limit(most + 1).subquery())


def _counts_in_order(model: type[Record], query: Query) -> bool:
    """Return whether counting should follow the index that has the order of the list.

    PostgreSQL assumes that matching rows are spread evenly over the table, and without the order
    would read all rows before them. The search index has no order.
    """
    if model.__trigrams__ and _asks_for_texts(model, query):
        return False
    names = [filter_.name for filter_ in query.filters]
    return query.sort_name in names or _in_insertion_order(model, query)


def page(
    actor: Actor,
    model: type[Record],
    query: Query,
    columns: Sequence[str],
    *,
    counted: bool = False,
) -> Page:
    """Return one page of rows with `columns`: attributes, related rows and computed values.

    `counted` asks for the count of all matching rows too. Raises BadRequest if the cursor is not
    valid.
    """
    # What asks for texts is counted first: the number decides whether the search index is used.
    number = count(actor, model, query) if counted and _asks_for_texts(model, query) else None
    if number == 0 and not query.cursor:
        return Page([], 0)
    statement = reading.statement(actor, model, columns, query.sort_name)
    if counted and number is None:
        result = _read_and_count(actor, model, query, statement)
    else:
        result = _read(actor, model, query, statement, number)
    if not result.rows:
        return result
    ids = [row.id for row in result.rows]
    return replace(result, related=reading.related_rows(actor, model, columns, ids))


def _read(
    actor: Actor, model: type[Record], query: Query, statement: Statement, number: int | None
) -> Page:
    """Read one page without its related rows; `number` is how many rows match, if known."""
    is_dense = matches_many(actor, model, query, number)
    wanted = matching(actor, model, query, indexed=not is_dense)
    found = db.session.execute(_paged(model, query, statement, wanted)).all()
    rows = cursors.unparted(found, query.size)
    if query.before:
        rows = rows[::-1]
    previous, following = _cursors(query, rows, has_more=len(found) > query.size)
    return Page(rows, number, previous=previous, next=following)


def _read_and_count(actor: Actor, model: type[Record], query: Query, statement: Statement) -> Page:
    """Read one page without its related rows, and count the rows that match, in one statement."""
    counting = _counting(actor, model, query).scalar_subquery()
    statement = statement.add_columns(counting.label("matching_rows"))
    result = _read(actor, model, query, statement, None)
    number = 0
    if result.rows:
        number = result.rows[0].matching_rows
    elif query.cursor:
        number = count(actor, model, query)
    # An empty first page means that no row matches; a count would read everything once more.
    return replace(result, count=number)


def _cursors(
    query: Query, rows: Sequence[cursors.Found], *, has_more: bool
) -> tuple[str | None, str | None]:
    """Return the cursors of the pages before and after these rows."""
    if not rows:
        return None, None
    if query.before:
        return cursors.around(rows, has_previous=has_more, has_next=True)
    return cursors.around(rows, has_previous=bool(query.after), has_next=has_more)


def _in_insertion_order(model: type[Record], query: Query) -> bool:
    """Return whether the list is in the order of insertion, which filters' indexes have too."""
    return query.sort_name in ("id", model.__timeline__)


def _paged(
    model: type[Record], query: Query, statement: Statement, wanted: ColumnElement[bool]
) -> Statement:
    """Limit the statement to the rows of one page in their order, and one more row.

    The ids of the page are picked first, before related tables are joined: no index may have all
    rows in this order, and joining all of them would be slow. Where an index always has the order,
    this is not needed.
    """
    # A page before a cursor is read backwards, beginning at the cursor.
    descending = query.descending != bool(query.before)
    key = before_id(model, query.sort_name)
    if query.cursor:
        place = query.cursor
        wanted &= cursors.beyond(model, key, place, among=wanted, descending=descending)
    order = order_by(model, key, descending=descending)
    is_read_at_once = _is_read_at_once(model, query)
    limited = statement if is_read_at_once else select(model.id)
    limited = limited.where(wanted).order_by(*order).limit(query.size + 1)
    if is_read_at_once:
        return limited
    return statement.where(model.id.in_(limited.correlate(None))).order_by(*order)


def _is_read_at_once(model: type[Record], query: Query) -> bool:
    """Return whether rows are not picked by their ids first: in order, or with the same ids."""
    is_indexed = query.sort_name == model.__label__ or _in_insertion_order(model, query)
    return is_indexed or not row_keys.are_unique(model)


def ids(actor: Actor, model: type[Record], query: Query) -> "array[int] | list[RowKey]":
    """Return the ids of all rows that match, in order.

    An array takes eight bytes for each number: a million of them need little memory.
    """
    is_dense = matches_many(actor, model, query)
    key = before_id(model, query.sort_name)
    statement = select(model.id).where(matching(actor, model, query, indexed=not is_dense))
    statement = statement.order_by(*order_by(model, key, descending=query.descending))
    found = db.session.scalars(statement.execution_options(yield_per=COUNT_CAP))
    return array("q", found) if row_keys.is_numbered(model) else list(found)


def rows(actor: Actor, model: type[Record], columns: Sequence[str], ids: Sequence[RowKey]) -> Page:
    """Return the rows with these ids that the actor still sees, in the order of the ids."""
    statement = reading.statement(actor, model, columns, "id").where(
        scope(actor, model), related.among(model, ids)
    )
    by_id: dict[RowKey, list[cursors.Found]] = {}
    for row in db.session.execute(statement, {"ids": list(ids)}):
        by_id.setdefault(row.id, []).append(row)
    if not by_id:
        return Page([])
    # Several rows of an existing table may have the same key.
    in_order = [by_id[row_id].pop() for row_id in ids if by_id.get(row_id)]
    return Page(in_order, related=reading.related_rows(actor, model, columns, list(by_id)))


def _sort(model: type[Record], text: str) -> str:
    # The same order as by id, but every index of a log has the time.
    if model.__timeline__ and text.removeprefix("-") == "id":
        text = text.replace("id", model.__timeline__)
    if not sortable(model, text.removeprefix("-")):
        raise BadRequest(_("This list cannot be sorted like that."), field="sort")
    return text
