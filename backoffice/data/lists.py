"""A list as a query: search, filters, sort and keyset paging over any model, within the actor's scope."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from backoffice import limits
from backoffice.data import cursors, disclosure, filters, related, searching
from backoffice.data.filters import RESERVED, Filter
from backoffice.data.related import Labels
from backoffice.errors import BadRequest
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record, Searchable
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

COUNT_CAP, SIZES = limits.COUNTED, limits.PAGES
MANY = 5_000  # rows of a search, from which on they are so dense that the first ones are found on the way
SORTABLE = (*fields.TEXTS, "code", "number", "boolean", "time", "date", "choice")


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a person asked a list for. `sort` is an attribute's name, with a minus before it to descend."""

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str = "-id"
    after: str = ""
    before: str = ""
    size: int = 50

    @property
    def sort_name(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    def pairs(self) -> list[tuple[str, str]]:
        """The search and the filters as a query string has them: what decides which rows match."""
        found = [("search", self.search)] if self.search else []
        return found + [(f.key, value) for f in self.filters for value in f.values]


@dataclass(frozen=True)
class Page:
    """One page of rows as plain tuples, their related rows by name and id, and where to go on."""

    rows: Sequence[Row[Any]]
    count: int | None = None
    related: Labels = field(default_factory=dict)
    previous: str | None = None
    next: str | None = None


def parse(
    model: type[Record],
    pairs: Iterable[tuple[str, str]],
    *,
    allowed: Sequence[str] | None = None,
    sort: str = "-id",
    size: int = 50,
    zone: tzinfo = UTC,
) -> Query:
    """The query in a query string, in which days are those of `zone`.

    Raises BadRequest with the offending key as its field.
    """
    known: dict[str, str] = {}
    rest: list[tuple[str, str]] = []
    for key, value in pairs:
        if key not in RESERVED:
            rest.append((key, value))
        elif key in known and known[key] != value:
            raise BadRequest(f"“{key}” was given twice.", field=key)
        else:
            known[key] = value
    wanted = filters.parse(
        model, rest, filters.filterable(model) if allowed is None else allowed, zone
    )
    recent = filters.recent(model, zone)
    if recent and recent.name not in [f.name for f in wanted]:
        wanted = (*wanted, recent)
    query = Query(
        search=searching.parse(known.get("search", "")),
        filters=wanted,
        sort=_sort(model, known.get("sort") or sort),
        after=known.get("after", ""),
        before=known.get("before", ""),
        size=_size(known.get("size") or str(size)),
    )
    condition(model, query)  # a value that does not fit is refused now, not when the rows are read
    return query


def condition(model: type[Record], query: Query, *, indexed: bool = True) -> ColumnElement[bool]:
    """Which rows match the search and the filters, in SQL; the scope is not part of it.

    `indexed` says whether the search index is asked, see searching.condition.
    """
    found = searching.condition(model, query.search, indexed=indexed)
    return and_(found, filters.conditions(model, query.filters))


def matching(
    actor: Actor, model: type[Record], query: Query, *, indexed: bool = True
) -> ColumnElement[bool]:
    """The rows that the actor sees and that match; nobody finds by words what they may not read."""
    found = and_(scope(actor, model), condition(model, query, indexed=indexed))
    guard = disclosure.readable(actor, model) if query.search else None
    return found if guard is None else and_(found, guard)


def count(actor: Actor, model: type[Record], query: Query) -> int:
    """How many rows match, at most COUNT_CAP + 1: nobody reads on beyond that, and it would cost the whole table."""
    return db.session.scalar(_counting(actor, model, query)) or 0


def are_many(actor: Actor, model: type[Record], query: Query) -> bool:
    """Whether so many rows match a search that the search index is of no use."""
    return (
        bool(query.search) and (db.session.scalar(_counting(actor, model, query, MANY)) or 0) > MANY
    )


def said(number: int) -> str:
    """A count as people read it."""
    return f"{COUNT_CAP:,}+" if number > COUNT_CAP else f"{number:,}"


def _counting(
    actor: Actor, model: type[Record], query: Query, most: int = COUNT_CAP
) -> Select[int]:
    some = (
        select(literal(1)).select_from(model).where(matching(actor, model, query)).limit(most + 1)
    )
    # Along the index that has the order: PostgreSQL takes a table for well mixed, and would read all that came before.
    texts = query.search or any(fields.kind(model, f.name) in fields.TEXTS for f in query.filters)
    stretch = query.sort_name in [f.name for f in query.filters]
    if not (texts and model.__grams__) and (stretch or _is_straight(model, query)):
        some = some.order_by(sort_key(model, query.sort_name).desc(), model.id.desc())
    return select(func.count()).select_from(some.subquery())


def page(
    actor: Actor,
    model: type[Record],
    query: Query,
    columns: Sequence[str],
    *,
    counted: bool = False,
) -> Page:
    """The rows of one page with `columns`, which may name attributes, related rows and computed values.

    `counted` asks for `count` too. Raises BadRequest if the cursor is not one of ours.
    """
    cursor = query.before or query.after
    number = count(actor, model, query) if query.search and counted else None
    if number == 0 and not cursor:
        return Page([], 0 if counted else None)
    hidden = related.hidden(actor, model, columns)
    statement = _reading(model, columns, query.sort_name, hidden)
    if counted and number is None:
        statement = statement.add_columns(
            _counting(actor, model, query).scalar_subquery().label("matching_rows")
        )
    many = are_many(actor, model, query) if number is None else number > MANY
    wanted = matching(actor, model, query, indexed=not many)
    found = db.session.execute(_placed(model, query, statement, wanted)).all()
    rows = found[: query.size][:: -1 if query.before else 1]
    if (
        counted and number is None
    ):  # an empty first page needs no count, which would read everything once more
        number = rows[0].matching_rows if rows else count(actor, model, query) if cursor else 0
    more = len(found) > query.size
    has_previous, has_next = (more, True) if query.before else (bool(cursor), more)
    return Page(
        rows,
        number if counted else None,
        related.labels(model, [row.id for row in rows], columns, hidden) if rows else {},
        cursors.packed(rows[0]) if rows and has_previous else None,
        cursors.packed(rows[-1]) if rows and has_next else None,
    )


def _is_straight(model: type[Record], query: Query) -> bool:
    """Whether the rows are in the order in which they came, which indexes of filters have too."""
    return query.sort_name in ("id", model.__timeline__)


def _placed(
    model: type[Record], query: Query, statement: Select[Any], wanted: ColumnElement[bool]
) -> Select[Any]:
    """The statement with the rows of one page in their order, and one more.

    The page's keys are picked before anything is joined to all the rows, which no index may have in this order. Where
    one always has, that is not needed.
    """
    falling = query.descending != bool(query.before)
    key = sort_key(model, query.sort_name)
    order = (key.desc(), model.id.desc()) if falling else (key.asc(), model.id.asc())
    if cursor := query.before or query.after:
        place, mark = tuple_(key, model.id), cursors.unpacked(key, cursor)
        wanted = and_(wanted, place < mark if falling else place > mark)
    if query.sort_name == model.__label__ or _is_straight(model, query):
        return statement.where(wanted).order_by(*order).limit(query.size + 1)
    picked = select(model.id).where(wanted).order_by(*order).limit(query.size + 1).correlate(None)
    return statement.where(model.id.in_(picked)).order_by(*order)


def keys(actor: Actor, model: type[Record], query: Query) -> "array[int]":
    """The numbers of all rows that match, in order: eight bytes each, so that a million take little memory."""
    many = are_many(actor, model, query)
    keys = (sort_key(model, query.sort_name), model.id)
    order = [key.desc() if query.descending else key.asc() for key in keys]
    statement = (
        select(model.id).where(matching(actor, model, query, indexed=not many)).order_by(*order)
    )
    return array("q", db.session.scalars(statement.execution_options(yield_per=COUNT_CAP)))


def rows(actor: Actor, model: type[Record], columns: Sequence[str], ids: Sequence[int]) -> Page:
    """Those of the rows with these numbers that the actor still sees, in the order of the numbers."""
    hidden = related.hidden(actor, model, columns)
    statement = _reading(model, columns, "id", hidden).where(
        scope(actor, model), model.id.in_(related.given())
    )
    found = {row.id: row for row in db.session.execute(statement, {"ids": list(ids)})}
    there = [found[number] for number in ids if number in found]
    return Page(there, related=related.labels(model, list(found), columns, hidden) if found else {})


def _reading(
    model: type[Record], columns: Sequence[str], sort: str, hidden: related.Hidden
) -> Select[Any]:
    """The statement that reads these columns; an actor's own is not kept."""
    names = tuple(columns)
    return (
        _columns.__wrapped__(model, names, sort, hidden) if hidden else _columns(model, names, sort)
    )


@cache
def sort_key(model: type[Record], name: str) -> ColumnElement[Any]:
    """What rows are ordered by: never NULL, so that (key, id) is one comparison, and an index can serve it."""
    if name == model.__label__ and issubclass(model, Searchable):
        return model.search_key.expression
    key = fields.key_of(model, name)
    return fields.ordered(model, name if key is None else key.key)


@lru_cache(maxsize=1024)  # names come from addresses too
def sortable(model: type[Record], name: str) -> bool:
    """Whether a list may be sorted by `name`."""
    if (
        model.__timeline__
    ):  # a log of millions of rows is read in the order of time, or of what an index has in order
        return name == model.__timeline__ or (
            name != "id" and _has_order(model, name) and fields.in_order(model, name)
        )
    by_name = name == model.__label__ and issubclass(model, Searchable)
    return by_name or _has_order(model, name)


def _has_order(model: type[Record], name: str) -> bool:
    return fields.kind(model, name) in SORTABLE


# Making a statement takes SQLAlchemy longer than PostgreSQL takes to answer it: what does not depend on the request
# is made once. People choose their columns, so there may be many; the least used are forgotten.
@lru_cache(maxsize=256)
def _columns(
    model: type[Record], names: tuple[str, ...], sort: str, hidden: related.Hidden | None = None
) -> Select[Any]:
    statement = select(model.id, sort_key(model, sort).label("sort_key"))
    for name in names:
        kind = fields.kind(model, name)
        if kind == "one":
            other = aliased(fields.related_model(model, name))
            statement = statement.outerjoin(fields.attribute(model, name).of_type(other))
            label = getattr(other, fields.related_model(model, name).__label__)
            if hidden and name in hidden:
                label = case((other.id.in_(hidden[name]), label))
            statement = statement.add_columns(label.label(name), other.id.label(f"{name}__id"))
        elif kind != "many" and name != "id":
            statement = statement.add_columns(fields.attribute(model, name).label(name))
    return statement


def _sort(model: type[Record], text: str) -> str:
    if model.__timeline__ and text.removeprefix("-") == "id":
        text = text.replace(
            "id", model.__timeline__
        )  # the same order, in which every index of a log is
    if not sortable(model, text.removeprefix("-")):
        raise BadRequest("This list cannot be sorted like that.", field="sort")
    return text


def _size(text: str) -> int:
    if text not in map(str, SIZES):
        raise BadRequest(f"A page has {', '.join(map(str, SIZES))} rows.", field="size")
    return int(text)
