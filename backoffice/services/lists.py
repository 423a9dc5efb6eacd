"""A list as a query: search, filters, sort and keyset paging over any model, within the actor's scope."""

import base64
import binascii
import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from backoffice import limits
from backoffice.errors import BadRequest
from backoffice.extensions import configured, db
from backoffice.models import fields
from backoffice.models.base import Record, Searchable
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope
from backoffice.services import disclosure, filters, related
from backoffice.services.filters import RESERVED, Filter
from backoffice.services.related import Labels
from backoffice.text import MAX_ID, address_key, cleaned, fold, is_id, phones
from backoffice.text.addresses import is_address

COUNT_CAP, SIZES = limits.COUNTED, limits.PAGES
SEARCH_LENGTH, SEARCH_WORDS = limits.SEARCH, limits.SEARCH_WORDS
SORTABLE = (*fields.TEXTS, "number", "boolean", "time", "date", "choice")


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
    query = Query(
        search=_search(known.get("search", "")),
        filters=filters.parse(model, rest, filters.filterable(model) if allowed is None else allowed, zone),
        sort=_sort(model, known.get("sort") or sort),
        after=known.get("after", ""),
        before=known.get("before", ""),
        size=_size(known.get("size") or str(size)),
    )
    condition(model, query)  # a value that does not fit is refused now, not when the rows are read
    return query


def condition(model: type[Record], query: Query) -> ColumnElement[bool]:
    """Which rows match the search and the filters, in SQL; the scope is not part of it."""
    words = and_(True, *(searched(model, word) for word in query.search.split()))
    found = or_(words, *_phone(model, query.search)) if query.search else words
    return and_(found, filters.conditions(model, query.filters))


def searched(model: type[Record], word: str) -> ColumnElement[bool]:
    """The rows in which `word` occurs, whatever its case and accents where the model keeps a search key; or by ID."""
    if issubclass(model, Searchable):
        found = filters.holds(model.search_key, fold(address_key(word) if is_address(word) else word))
        return or_(found, model.id == int(word)) if is_id(word) else found
    names = model.__search__ or tuple(n for n in fields.visible(model) if fields.kind(model, n) in fields.TEXTS)
    return or_(False, *(fields.attribute(model, name).icontains(word, autoescape=True) for name in names))


def _phone(model: type[Record], search: str) -> list[ColumnElement[bool]]:
    """The rows with the phone number that the whole search may be, however it is written."""
    numbered = issubclass(model, Searchable) and any(fields.kind(model, name) == "phone" for name in model.__search__)
    if not numbered or not phones.is_sought(search):
        return []
    return [filters.holds(model.search_key, phones.sought(search, configured().default_country))]  # type: ignore[attr-defined]  # Searchable, see above


def matching(actor: Actor, model: type[Record], query: Query) -> ColumnElement[bool]:
    """The rows that the actor sees and that match; nobody finds by words what they may not read."""
    found = and_(scope(actor, model), condition(model, query))
    guard = disclosure.readable(actor, model) if query.search else None
    return found if guard is None else and_(found, guard)


def count(actor: Actor, model: type[Record], query: Query) -> int:
    """How many rows match, at most COUNT_CAP + 1: nobody reads on beyond that, and it would cost the whole table."""
    return db.session.scalar(_counting(actor, model, query)) or 0


def _counting(actor: Actor, model: type[Record], query: Query) -> Select[int]:
    some = select(literal(1)).select_from(model).where(matching(actor, model, query)).limit(COUNT_CAP + 1)
    return select(func.count()).select_from(some.subquery())


def page(actor: Actor, model: type[Record], query: Query, columns: Sequence[str], *, counted: bool = False) -> Page:
    """The rows of one page with `columns`, which may name attributes, related rows and computed values.

    `counted` asks for `count` in the same statement. Raises BadRequest if the cursor is not one of ours.
    """
    backwards, cursor = bool(query.before), query.before or query.after
    falling = query.descending != backwards
    key = sort_key(model, query.sort_name)
    hidden = related.hidden(actor, model, columns)
    statement = _reading(model, columns, query.sort_name, hidden).where(matching(actor, model, query))
    if counted:
        statement = statement.add_columns(_counting(actor, model, query).scalar_subquery().label("matching_rows"))
    if cursor:
        place = tuple_(key, model.id)
        mark = _unpacked(model, query.sort_name, cursor)
        statement = statement.where(place < mark if falling else place > mark)
    order = (key.desc(), model.id.desc()) if falling else (key.asc(), model.id.asc())
    found = db.session.execute(statement.order_by(*order).limit(query.size + 1)).all()
    rows = found[: query.size]
    if backwards:
        rows = rows[::-1]
    more = len(found) > query.size
    has_previous, has_next = (more, True) if backwards else (bool(cursor), more)
    return Page(
        rows,
        (rows[0].matching_rows if rows else count(actor, model, query)) if counted else None,
        related.labels(model, [row.id for row in rows], columns, hidden) if rows else {},
        _packed(rows[0]) if rows and has_previous else None,
        _packed(rows[-1]) if rows and has_next else None,
    )


def keys(actor: Actor, model: type[Record], query: Query) -> "array[int]":
    """The numbers of all rows that match, in order: eight bytes each, so that a million take little memory."""
    keys = (sort_key(model, query.sort_name), model.id)
    order = [key.desc() if query.descending else key.asc() for key in keys]
    statement = select(model.id).where(matching(actor, model, query)).order_by(*order)
    return array("q", db.session.scalars(statement.execution_options(yield_per=COUNT_CAP)))


def rows(actor: Actor, model: type[Record], columns: Sequence[str], ids: Sequence[int]) -> Page:
    """Those of the rows with these numbers that the actor still sees, in the order of the numbers."""
    hidden = related.hidden(actor, model, columns)
    statement = _reading(model, columns, "id", hidden).where(scope(actor, model), model.id.in_(related.given()))
    found = {row.id: row for row in db.session.execute(statement, {"ids": list(ids)})}
    there = [found[number] for number in ids if number in found]
    return Page(there, related=related.labels(model, list(found), columns, hidden) if found else {})


def _reading(model: type[Record], columns: Sequence[str], sort: str, hidden: related.Hidden) -> Select[Any]:
    """The statement that reads these columns; an actor's own is not kept."""
    names = tuple(columns)
    return _columns.__wrapped__(model, names, sort, hidden) if hidden else _columns(model, names, sort)


@cache
def sort_key(model: type[Record], name: str) -> ColumnElement[Any]:
    """What rows are ordered by: never NULL, so that (key, id) is one comparison, and an index can serve it."""
    if name == model.__label__ and issubclass(model, Searchable):
        return model.search_key.expression
    key = fields.key_of(model, name)
    name = key.key if key is not None else name
    attribute = fields.attribute(model, name)
    if not fields.column(model, name).nullable:
        return attribute.expression
    lowest = bindparam(None, fields.lowest(model, name), type_=attribute.type, literal_execute=True)
    return func.coalesce(attribute, lowest)


@lru_cache(maxsize=1024)  # names come from addresses too
def sortable(model: type[Record], name: str) -> bool:
    """Whether a list may be sorted by `name`."""
    by_name = name == model.__label__ and issubclass(model, Searchable)
    return by_name or fields.kind(model, name) in SORTABLE


# Making a statement takes longer than answering it: what does not depend on the request is made once. People choose
# their columns, so there may be many; the least used are forgotten.
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


def _search(text: str) -> str:
    words = cleaned(text).split()
    if len(" ".join(words)) > SEARCH_LENGTH or len(words) > SEARCH_WORDS:
        raise BadRequest(f"Search for at most {SEARCH_WORDS} words and {SEARCH_LENGTH} characters.", field="search")
    return " ".join(words)


def _sort(model: type[Record], text: str) -> str:
    if not sortable(model, text.removeprefix("-")):
        raise BadRequest("This list cannot be sorted like that.", field="sort")
    return text


def _size(text: str) -> int:
    if text not in map(str, SIZES):
        raise BadRequest(f"A page has {', '.join(map(str, SIZES))} rows.", field="size")
    return int(text)


def _packed(row: Row[Any]) -> str:
    value = row.sort_key.isoformat() if isinstance(row.sort_key, date) else row.sort_key
    value = value if isinstance(value, (str, int, float)) else str(value)
    return base64.urlsafe_b64encode(json.dumps([value, row.id]).encode()).decode().rstrip("=")


def _unpacked(model: type[Record], name: str, cursor: str) -> Any:
    """The place a cursor stands for; whatever somebody may have put into it, never an error of the database."""
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(cursor[:2000] + "=" * (-len(cursor) % 4)))
        if type(row_id) is not int or abs(row_id) > MAX_ID:
            raise ValueError
        key = sort_key(model, name)
        return tuple_(literal(_typed(key.type.python_type, value), key.type), literal(row_id))
    except (ValueError, TypeError, ArithmeticError, binascii.Error, RecursionError):
        raise BadRequest("This page address is incomplete; go back to the first page.", field="after") from None


def _typed(python: type, value: Any) -> Any:
    """The value as the column has it; times and Decimal travel as text. Raises what `_unpacked` catches."""
    if isinstance(value, str) and python in PARSERS:
        return PARSERS[python](value)
    fits = type(value) is python or (python is float and type(value) is int)
    if not fits or (python in (int, float) and not abs(value) <= MAX_ID):
        raise ValueError
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _plain(text: str) -> str:
    """A text that the database can hold: no half characters, no NUL."""
    return text.encode("utf-8", "strict").decode().replace("\0", "")


PARSERS: dict[type, Callable[[str], Any]] = {
    datetime: _moment,
    date: date.fromisoformat,
    Decimal: filters.decimal,
    str: _plain,
}
