"""What a person may filter a list by: typed, from the attribute, with a message where a value makes no sense."""

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
MOST_SHOWN = 200  # characters of a value that made no sense
MAX_PLACES = 30  # after the point; PostgreSQL refuses numbers with thousands
BEGINNING = "1900-01-01"  # the first day of all, for lists that look back some days unless asked
NONE = "none"  # the choice "has no related row"
# What a list's address says about the list itself; attributes that are called so need an operator.
RESERVED = ("search", "sort", "after", "before", "size", "csrf_token", "tab")
IS = "is"
RANGED = ("number", "date", "time")
FILTERABLE = (*RANGED, *fields.TEXTS, "code", "boolean", "choice", "derived", "one", "many")


@dataclass(frozen=True)
class Filter:
    """One condition: `operator` is '' for "is one of `values`", else from or to. Days are those of `zone`."""

    name: str
    operator: str
    values: tuple[str, ...]
    zone: tzinfo = UTC

    @property
    def key(self) -> str:
        """The name in a query string, such as `created_at.from`."""
        return key_of(self.name, self.operator)


def key_of(name: str, operator: str = "") -> str:
    """How a query string calls a condition on `name`: no name of an attribute holds a point, so that none clashes.

    >>> key_of("status"), key_of("size"), key_of("size", "from")
    ('status', 'size.is', 'size.from')
    """
    operator = operator or (IS if name in RESERVED else "")
    return f"{name}.{operator}" if operator else name


def filterable(model: type[Record]) -> tuple[str, ...]:
    """Every attribute of `model` that a list may be filtered by."""
    names = (*fields.visible(model), *fields.relations(model))
    return tuple(name for name in names if fields.kind(model, name) in FILTERABLE)


def parse(
    model: type[Record],
    pairs: Iterable[tuple[str, str]],
    allowed: Sequence[str],
    zone: tzinfo = UTC,
) -> tuple[Filter, ...]:
    """The filters in a query string, in which days are those of `zone`; keys of no allowed attribute are refused.

    Raises BadRequest with the filter's key as its field.
    """
    found: dict[str, list[str]] = {}
    for key, text in pairs:
        if value := cleaned(text):
            found.setdefault(key_of(*_parts(key)), []).append(value)
    if sum(map(len, found.values())) > MAX_FILTERS * MAX_VALUES or len(found) > MAX_FILTERS:
        raise BadRequest(f"Use at most {MAX_FILTERS} filters at once.", field="search")
    return tuple(
        replace(_filter(model, key, values, allowed), zone=zone) for key, values in found.items()
    )


def as_typed(pairs: Iterable[tuple[str, str]], allowed: Sequence[str]) -> tuple[Filter, ...]:
    """The filters as somebody wrote them, right or wrong: to show them again, not to ask the database."""
    found: dict[str, list[str]] = {}
    for key, text in pairs:
        about_rows = key not in RESERVED and _parts(key)[0] in allowed
        if about_rows and (value := cleaned(text)[:MOST_SHOWN]):
            found.setdefault(key_of(*_parts(key)), []).append(value)
    some = list(found.items())[:MAX_FILTERS]
    return tuple(
        Filter(*_parts(key), tuple(dict.fromkeys(values))[:MAX_FILTERS]) for key, values in some
    )


def _parts(key: str) -> tuple[str, str]:
    name, _, operator = key.partition(".")
    return name, "" if operator == IS else operator


def condition(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """The filter in SQL. Raises BadRequest where a value does not fit the attribute."""
    return _CONDITIONS[fields.kind(model, filter_.name)](model, filter_)


def _filter(model: type[Record], key: str, values: list[str], allowed: Sequence[str]) -> Filter:
    name, operator = _parts(key)
    kind = fields.kind(model, name)
    fits = operator in ("from", "to") if kind in RANGED else not operator
    if name not in allowed or kind not in FILTERABLE or not fits:
        raise BadRequest(f"This list has no filter “{key[:60]}”.", field=key)
    if operator and len(values) > 1:
        raise BadRequest(f"{fields.heading(name)}: give one value.", field=key)
    if len(set(values)) > MAX_VALUES:  # fewer than asked for would be other rows than asked for
        raise BadRequest(f"{fields.heading(name)}: choose at most {MAX_VALUES}.", field=key)
    return Filter(name, operator, tuple(dict.fromkeys(values)))


def _text(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """What was asked takes the form of what is kept for comparison."""
    name, values = filter_.name, [value[:200] for value in filter_.values]
    column, key = fields.attribute(model, name), fields.key_of(model, name)
    if "ip" in fields.column(model, name).info:
        return or_(
            *(column == value if _is_address(value) else begins(column, value) for value in values)
        )
    if key is None:
        return or_(*(column.icontains(value, autoescape=True) for value in values))
    return or_(
        *(_holds(model, name, key, _sought(fields.kind(model, name), value)) for value in values)
    )


def _holds(model: type[Record], name: str, key: Any, part: str) -> ColumnElement[bool]:
    """As in a search: the key holds the part; what is shorter than the runs of the index has to begin a word."""
    if not part:  # of what was asked for nothing may be left; then nothing is found, not all
        return false()
    if not search.indexed(model, name):
        return cast("ColumnElement[bool]", key.contains(part, autoescape=True))
    found = search.candidates(model, [fold(part)])
    occurs = search.occurs(key, part)
    return occurs if found is None else and_(occurs, found)


def _sought(kind: str, text: str) -> str:
    if kind == "phone":
        return phones.sought(text, configured().default_country)
    return MAKERS[kind](text)


def _is_address(text: str) -> bool:
    """Whether it is a whole one: others are how addresses of a network begin."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _code(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    return fields.attribute(model, filter_.name).in_(filter_.values)


def _derived(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _known(model, filter_)
    return or_(*(model.derived(filter_.name, value) for value in filter_.values))


def _choice(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _known(model, filter_)
    return fields.attribute(model, filter_.name).in_(filter_.values)


def _known(model: type[Record], filter_: Filter) -> None:
    known = fields.choices(model, filter_.name)
    if unknown := [value for value in filter_.values if value not in known]:
        raise _unfit(filter_, f"“{unknown[0][:60]}” is not one of {', '.join(known)}.")


def _boolean(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    if not set(filter_.values) <= {"yes", "no"}:
        raise _unfit(filter_, "choose yes or no.")
    return fields.attribute(model, filter_.name).in_([value == "yes" for value in filter_.values])


def _related(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    ids = [_id(filter_, value) for value in filter_.values if value != NONE]
    relation = fields.relation(model, filter_.name)
    chosen: ColumnElement[bool]
    nobody: ColumnElement[bool]
    if relation.secondary_synchronize_pairs:  # the table between the two knows all of it
        ((own, mine),), ((_, theirs),) = (
            relation.synchronize_pairs,
            relation.secondary_synchronize_pairs,
        )
        beside = exists().where(mine == own)
        chosen, nobody = beside.where(theirs.in_(ids)), ~beside
    elif relation.uselist:
        attribute, target = (
            fields.attribute(model, filter_.name),
            fields.related_model(model, filter_.name),
        )
        chosen, nobody = attribute.any(target.id.in_(ids)), ~attribute.any()
    else:  # an index serves the row's own column
        (own,) = relation.local_columns
        chosen, nobody = own.in_(ids), own.is_(None)
    return or_(*([chosen] if ids else []), *([nobody] if NONE in filter_.values else []))


def _number(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    try:
        number = decimal(filter_.values[0])
    except InvalidOperation:
        raise _unfit(filter_, "give a number.") from None
    except ValueError:
        raise _unfit(filter_, "give a smaller number.") from None
    column = fields.attribute(model, filter_.name)
    end = _as_column_has_it(column.type, number, filter_.operator)
    return column >= end if filter_.operator == "from" else column <= end


def _as_column_has_it(kind: Any, number: Decimal, operator: str) -> ColumnElement[Any]:
    """The number in the column's own kind: compared with another one, no index serves.

    Whole numbers are bound as the widest, since a smaller kind has no place for what is beyond it.
    """
    if isinstance(kind, Integer):
        return literal(
            math.ceil(number) if operator == "from" else math.floor(number), BigInteger()
        )
    if isinstance(kind, Float):
        return literal(float(number), kind)
    return literal(number, Numeric(asdecimal=True))


def decimal(text: str) -> Decimal:
    """The number in a text. Raises InvalidOperation if there is none, ValueError if an engine could not take it."""
    number = Decimal(text)
    if (
        not number.is_finite()
        or number.copy_abs() > MAX_ID
        or int(number.as_tuple().exponent) < -MAX_PLACES
    ):
        raise ValueError
    return number


def _time(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Days are whole days, the last one included."""
    day, key = _day(filter_), fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return key >= start_of(day, filter_.zone)
    before = key < start_of(day + timedelta(days=1), filter_.zone)
    return (
        and_(before, key > fields.lowest(model, filter_.name))
        if _nullable(model, filter_)
        else before
    )


def _date(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    key = fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return key >= _day(filter_)
    until = key <= _day(filter_)
    return (
        and_(until, key > fields.lowest(model, filter_.name))
        if _nullable(model, filter_)
        else until
    )


def _nullable(model: type[Record], filter_: Filter) -> bool:
    """Whether rows without a value have to be kept apart from the lowest ones."""
    return bool(fields.column(model, filter_.name).nullable)


def _day(filter_: Filter) -> date:
    try:
        day = date.fromisoformat(filter_.values[0])
    except ValueError:
        raise _unfit(filter_, "write the date as 2026-01-31.") from None
    if not 1900 <= day.year <= 9000:
        raise _unfit(filter_, "give a year between 1900 and 9000.")
    return day


def recent(model: type[Record], zone: tzinfo) -> Filter | None:
    """How far a list of `model` looks back unless it is asked otherwise; None if to the beginning."""
    if not model.__recent_days__:
        return None
    first = clock.now().astimezone(zone).date() - timedelta(days=model.__recent_days__)
    return Filter(model.__timeline__, "from", (first.isoformat(),), zone)


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
    """All filters at once: a row must meet every one."""
    found: list[Any] = [condition(model, filter_) for filter_ in filters]
    return and_(True, *found)
