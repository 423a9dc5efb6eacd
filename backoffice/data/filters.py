"""Parse the filters of a list, check their values by the attribute's type, and build the SQL."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Numeric,
    and_,
    exists,
    false,
    literal,
    or_,
)

from backoffice import clock, limits
from backoffice.errors import BadRequest
from backoffice.extensions import configured
from backoffice.models import fields, search
from backoffice.models.base import Record
from backoffice.models.keys import MAKERS
from backoffice.models.search import begins
from backoffice.text import MAX_ID, cleaned, fold, is_id, phones
from backoffice.time_zones import start_of

MAX_FILTERS = limits.FILTERS
MAX_VALUES = limits.FILTER_VALUES
MOST_SHOWN = 200  # characters of an invalid value that are shown again
MAX_PLACES = 30  # decimal places; PostgreSQL refuses numbers with thousands of them
BEGINNING = "1900-01-01"  # shows a list from its first day, if it looks back only some days
NONE = "none"  # the choice "has no related row"
# Keys of a query string that are about the list itself. A filter by an attribute that has one of
# these names needs an operator.
RESERVED = ("search", "sort", "after", "before", "size", "csrf_token", "tab")
IS = "is"
RANGED = ("number", "date", "time")
FILTERABLE = (*RANGED, *fields.TEXTS, "code", "boolean", "choice", "derived", "one", "many")


@dataclass(frozen=True)
class Filter:
    """One condition on the attribute `name`.

    `operator` is '' for "is one of `values`", or else "from" or "to". Days are those of `zone`.
    """

    name: str
    operator: str
    values: tuple[str, ...]
    zone: tzinfo = UTC

    @property
    def key(self) -> str:
        """The key in a query string, such as `created_at.from`."""
        return key_of(self.name, self.operator)


def key_of(name: str, operator: str = "") -> str:
    """Return the key of a condition in a query string.

    Names of attributes contain no point, and therefore no two keys clash.

    >>> key_of("status"), key_of("size"), key_of("size", "from")
    ('status', 'size.is', 'size.from')
    """
    operator = operator or (IS if name in RESERVED else "")
    return f"{name}.{operator}" if operator else name


def filterable(model: type[Record]) -> tuple[str, ...]:
    """Return every attribute of `model` that a list may be filtered by."""
    names = (*fields.visible(model), *fields.relations(model))
    return tuple(name for name in names if fields.kind(model, name) in FILTERABLE)


def parse(
    model: type[Record],
    pairs: Iterable[tuple[str, str]],
    allowed: Sequence[str],
    zone: tzinfo = UTC,
) -> tuple[Filter, ...]:
    """Return the filters in a query string, in which days are those of `zone`.

    Raises BadRequest with the filter's key as its field if the attribute is not allowed, or if
    there are too many filters or values.
    """
    values_by_key: dict[str, list[str]] = {}
    for key, text in pairs:
        if value := cleaned(text):
            values_by_key.setdefault(key_of(*_parts(key)), []).append(value)
    value_count = sum(map(len, values_by_key.values()))
    if value_count > MAX_FILTERS * MAX_VALUES or len(values_by_key) > MAX_FILTERS:
        raise BadRequest(f"Use at most {MAX_FILTERS} filters at once.", field="search")
    parsed = [_filter(model, key, values, allowed) for key, values in values_by_key.items()]
    return tuple(replace(filter_, zone=zone) for filter_ in parsed)


def as_typed(pairs: Iterable[tuple[str, str]], allowed: Sequence[str]) -> tuple[Filter, ...]:
    """Return the filters unchecked, to show them again as they were typed.

    They must not be used to query the database.
    """
    values_by_key: dict[str, list[str]] = {}
    for key, text in pairs:
        if key in RESERVED or _parts(key)[0] not in allowed:
            continue
        if value := cleaned(text)[:MOST_SHOWN]:
            values_by_key.setdefault(key_of(*_parts(key)), []).append(value)
    filters = []
    for key, values in list(values_by_key.items())[:MAX_FILTERS]:
        distinct = tuple(dict.fromkeys(values))
        filters.append(Filter(*_parts(key), distinct[:MAX_FILTERS]))
    return tuple(filters)


def _parts(key: str) -> tuple[str, str]:
    """Split a key into the attribute's name and the operator."""
    name, _, operator = key.partition(".")
    if operator == IS:
        operator = ""
    return name, operator


def condition(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Return the filter in SQL. Raises BadRequest if a value does not fit the attribute."""
    to_sql = _CONDITIONS[fields.kind(model, filter_.name)]
    return to_sql(model, filter_)


def _filter(model: type[Record], key: str, values: list[str], allowed: Sequence[str]) -> Filter:
    name, operator = _parts(key)
    kind = fields.kind(model, name)
    fits = operator in ("from", "to") if kind in RANGED else not operator
    if name not in allowed or kind not in FILTERABLE or not fits:
        raise BadRequest(f"This list has no filter “{key[:60]}”.", field=key)
    if operator and len(values) > 1:
        raise BadRequest(f"{fields.heading(name)}: give one value.", field=key)
    # Refused rather than cut: with fewer values, the list would show other rows.
    if len(set(values)) > MAX_VALUES:
        raise BadRequest(f"{fields.heading(name)}: choose at most {MAX_VALUES}.", field=key)
    return Filter(name, operator, tuple(dict.fromkeys(values)))


def _text(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match texts that contain a value, in the form that is stored for comparison."""
    name = filter_.name
    values = [value[:200] for value in filter_.values]
    column = fields.attribute(model, name)
    if "ip" in fields.column(model, name).info:
        return or_(*(_from_network(column, value) for value in values))
    key = fields.key_of(model, name)
    if key is None:
        return or_(*(column.icontains(value, autoescape=True) for value in values))
    kind = fields.kind(model, name)
    return or_(*(_holds(model, name, key, _comparable(kind, value)) for value in values))


def _from_network(column: Any, value: str) -> ColumnElement[bool]:
    """Match an IP address, or all addresses that begin with the value if it is not a whole one."""
    try:
        ip_address(value)
    except ValueError:
        return begins(column, value)
    return cast("ColumnElement[bool]", column == value)


def _holds(model: type[Record], name: str, key: Any, part: str) -> ColumnElement[bool]:
    """Match keys that contain the part, as a search does.

    A part that is shorter than the runs of the search index has to begin a word.
    """
    # Conversion may leave nothing of a value. Then no row is found, rather than all.
    if not part:
        return false()
    if not search.indexed(model, name):
        return cast("ColumnElement[bool]", key.contains(part, autoescape=True))
    occurs = search.occurs(key, part)
    candidates = search.candidates(model, [fold(part)])
    if candidates is None:
        return occurs
    return and_(occurs, candidates)


def _comparable(kind: str, text: str) -> str:
    """Return the text in the form in which texts of this kind are compared."""
    if kind == "phone":
        return phones.sought(text, configured().default_country)
    return MAKERS[kind](text)


def _code(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    return fields.attribute(model, filter_.name).in_(filter_.values)


def _derived(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _require_known(model, filter_)
    return or_(*(model.derived(filter_.name, value) for value in filter_.values))


def _choice(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _require_known(model, filter_)
    return fields.attribute(model, filter_.name).in_(filter_.values)


def _require_known(model: type[Record], filter_: Filter) -> None:
    """Raise BadRequest if a value is not one of the attribute's choices."""
    known = fields.choices(model, filter_.name)
    if unknown := [value for value in filter_.values if value not in known]:
        raise _unfit(filter_, f"“{unknown[0][:60]}” is not one of {', '.join(known)}.")


def _boolean(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    if not set(filter_.values) <= {"yes", "no"}:
        raise _unfit(filter_, "choose yes or no.")
    booleans = [value == "yes" for value in filter_.values]
    return fields.attribute(model, filter_.name).in_(booleans)


def _related(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match rows that are related to one of the chosen rows, or to none."""
    ids = [_id(filter_, value) for value in filter_.values if value != NONE]
    has_chosen, has_none = _relation_conditions(model, filter_.name, ids)
    parts = []
    if ids:
        parts.append(has_chosen)
    if NONE in filter_.values:
        parts.append(has_none)
    return or_(*parts)


def _relation_conditions(
    model: type[Record], name: str, ids: list[int]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return two conditions: a related row has one of the ids, and there is no related row."""
    relation = fields.relation(model, name)
    if relation.secondary_synchronize_pairs:
        # The association table suffices, without the table of the related rows.
        ((own_id, association_own),) = relation.synchronize_pairs
        ((_, association_other),) = relation.secondary_synchronize_pairs
        association = exists().where(association_own == own_id)
        return association.where(association_other.in_(ids)), ~association
    if relation.uselist:
        attribute = fields.attribute(model, name)
        target = fields.related_model(model, name)
        return attribute.any(target.id.in_(ids)), ~attribute.any()
    # The row's own foreign key, which has an index.
    (foreign_key,) = relation.local_columns
    return foreign_key.in_(ids), foreign_key.is_(None)


def _number(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    try:
        number = decimal(filter_.values[0])
    except InvalidOperation:
        raise _unfit(filter_, "give a number.") from None
    except ValueError:
        raise _unfit(filter_, "give a smaller number.") from None
    column = fields.attribute(model, filter_.name)
    bound = _bound(column.type, number, filter_.operator)
    return column >= bound if filter_.operator == "from" else column <= bound


def _bound(kind: Any, number: Decimal, operator: str) -> ColumnElement[Any]:
    """Return the number in the column's type, because no index serves a comparison with another.

    Integers are bound as BigInteger, because a smaller type cannot hold numbers beyond its range.
    """
    if isinstance(kind, Integer):
        whole = math.ceil(number) if operator == "from" else math.floor(number)
        return literal(whole, BigInteger())
    if isinstance(kind, Float):
        return literal(float(number), kind)
    return literal(number, Numeric(asdecimal=True))


def decimal(text: str) -> Decimal:
    """Return the number in a text.

    Raises InvalidOperation if there is none, and ValueError if a database could not store it.
    """
    number = Decimal(text)
    if not number.is_finite() or number.copy_abs() > MAX_ID:
        raise ValueError
    if int(number.as_tuple().exponent) < -MAX_PLACES:
        raise ValueError
    return number


def _time(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match times by whole days, the last day included."""
    day = _day(filter_)
    key = fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return key >= start_of(day, filter_.zone)
    day_after = start_of(day + timedelta(days=1), filter_.zone)
    return _with_value(model, filter_.name, key, key < day_after)


def _date(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    key = fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return key >= _day(filter_)
    return _with_value(model, filter_.name, key, key <= _day(filter_))


def _with_value(
    model: type[Record], name: str, key: ColumnElement[Any], until: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Leave out rows without a value, which are ordered as the lowest ones."""
    if not fields.column(model, name).nullable:
        return until
    return and_(until, key > fields.lowest(model, name))


def _day(filter_: Filter) -> date:
    try:
        day = date.fromisoformat(filter_.values[0])
    except ValueError:
        raise _unfit(filter_, "write the date as 2026-01-31.") from None
    if not 1900 <= day.year <= 9000:
        raise _unfit(filter_, "give a year between 1900 and 9000.")
    return day


def recent(model: type[Record], zone: tzinfo) -> Filter | None:
    """Return the filter that limits a list of `model` to recent days unless asked otherwise.

    None means that the list has no such limit.
    """
    if not model.__recent_days__:
        return None
    first = clock.now().astimezone(zone).date() - timedelta(days=model.__recent_days__)
    return Filter(model.__timeline__, "from", (first.isoformat(),), zone)


def with_recent(
    model: type[Record], filters: tuple[Filter, ...], zone: tzinfo
) -> tuple[Filter, ...]:
    """Add the default limit to recent days, unless the same attribute is filtered already."""
    default = recent(model, zone)
    if default is None or any(filter_.name == default.name for filter_ in filters):
        return filters
    return (*filters, default)


def _id(filter_: Filter, text: str) -> int:
    if not is_id(text):
        raise _unfit(filter_, f"“{text[:60]}” is not a choice.")
    return int(text)


def _unfit(filter_: Filter, what: str) -> BadRequest:
    return BadRequest(f"{fields.heading(filter_.name)}: {what}", field=filter_.key)


_CONDITIONS: dict[str, Callable[[type[Record], Filter], ColumnElement[bool]]] = {
    **dict.fromkeys(fields.TEXTS, _text),
    "choice": _choice,
    "code": _code,
    "derived": _derived,
    "boolean": _boolean,
    "one": _related,
    "many": _related,
    "number": _number,
    "time": _time,
    "date": _date,
}


def conditions(model: type[Record], filters: Iterable[Filter]) -> ColumnElement[bool]:
    """Return the SQL condition that a row meets every filter."""
    return and_(True, *(condition(model, filter_) for filter_ in filters))
