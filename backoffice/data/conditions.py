"""Build the SQL of a list's filters, by the shape that the attribute's kind gives them."""

import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Numeric,
    SQLColumnExpression,
    String,
    and_,
    cast,
    exists,
    false,
    literal,
    not_,
    or_,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from backoffice.data.filters import NONE, Filter
from backoffice.errors import BadRequest
from backoffice.models import associations, fields, row_keys, search
from backoffice.models.base import Record
from backoffice.models.kinds.documents import Countries
from backoffice.models.kinds.identifiers import IpAddress
from backoffice.models.kinds.texts import Phone, Text
from backoffice.models.kinds.times import YEARS
from backoffice.models.row_keys import RowKey
from backoffice.models.search import begins
from backoffice.models.types import Expression
from backoffice.settings import configured
from backoffice.text import MAX_ID, fold, phones
from backoffice.time_zones import start_of

EMPTY_LIST = "[]"  # as both engines write it
MAX_PLACES = 30  # decimal places; PostgreSQL refuses numbers with thousands of them


def every(
    model: type[Record], filters: Iterable[Filter], *, indexed: bool = True
) -> ColumnElement[bool]:
    """Return the SQL condition that a row meets every filter.

    `indexed` says whether to use the search index, see `searching.condition`.
    """
    return and_(True, *(condition(model, filter_, indexed=indexed) for filter_ in filters))


def condition(model: type[Record], filter_: Filter, *, indexed: bool = True) -> ColumnElement[bool]:
    """Return the filter in SQL. Raises BadRequest if a value does not fit the attribute."""
    shape = fields.shape(model, filter_.name)
    if shape == "text":
        return _text(model, filter_, indexed=indexed)
    return CONDITIONS[shape](model, filter_)


def _text(model: type[Record], filter_: Filter, *, indexed: bool = True) -> ColumnElement[bool]:
    """Match texts that contain a value, in the form that is stored for comparison."""
    name = filter_.name
    values = [value[:200] for value in filter_.values]
    column = fields.attribute(model, name)
    kind = fields.kind(model, name)
    if isinstance(kind, IpAddress):
        return or_(*(_from_network(column, value) for value in values))
    key = fields.key_of(model, name)
    if key is None:
        return or_(*(_has_written(model, name, value, indexed=indexed) for value in values))
    assert isinstance(kind, Text)  # only texts have keys
    parts = [_comparable(kind, value) for value in values]
    return or_(*(_contains(model, name, key, part, indexed=indexed) for part in parts))


def _from_network(column: InstrumentedAttribute[object], value: str) -> ColumnElement[bool]:
    """Match an IP address, or all addresses that begin with the value if it is not a whole one."""
    try:
        ip_address(value)
    except ValueError:
        return begins(column, value)
    return column == value


def _contains(
    model: type[Record], name: str, key: InstrumentedAttribute[str], part: str, *, indexed: bool
) -> ColumnElement[bool]:
    """Match keys that contain the part, as a search does.

    A part that is shorter than the runs of the search index has to begin a word.
    """
    # Conversion may leave nothing of a value. Then no row is found, rather than all.
    if not part:
        return false()
    if not search.indexed(model, name):
        return key.contains(part, autoescape=True)
    occurs = search.occurs(key.expression, part)
    return _with_index(model, occurs, part) if indexed else occurs


def _has_written(
    model: type[Record], name: str, part: str, *, indexed: bool
) -> ColumnElement[bool]:
    """Match texts that have no key and contain the part, in upper or lower case.

    What the search index has is matched as `_contains` does.
    """
    texts = fields.attribute(model, name)
    if not search.indexed(model, name):
        return texts.icontains(part, autoescape=True)
    if len(fold(part)) < search.RUN:
        occurs = (" " + texts.expression).icontains(" " + part, autoescape=True)
    else:
        occurs = texts.icontains(part, autoescape=True)
    return _with_index(model, occurs, part) if indexed else occurs


def _with_index(model: type[Record], occurs: ColumnElement[bool], part: str) -> ColumnElement[bool]:
    """Let the search index find the rows, if it can."""
    candidates = search.candidates(model, [fold(part)])
    return occurs if candidates is None else and_(occurs, candidates)


def _comparable(kind: Text, text: str) -> str:
    """Return the text in the form in which texts of this kind are compared."""
    if isinstance(kind, Phone):
        return phones.sought(text, configured().default_country)
    return kind.key(text)


def _code(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    return fields.attribute(model, filter_.name).in_(filter_.values)


def _derived(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _require_known(model, filter_)
    return or_(*(model.derived(filter_.name, value) for value in filter_.values))


def _choice(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    _require_known(model, filter_)
    return _one_of(model, filter_)


def _members(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match rows whose list has one of the values."""
    _require_known(model, filter_)
    kind = fields.kind(model, filter_.name)
    assert isinstance(kind, Countries)
    return kind.has_any(fields.attribute(model, filter_.name), filter_.values)


def _exact(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    return _one_of(model, filter_)


def _one_of(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match rows that have one of the values, which the attribute's kind reads."""
    kind = fields.kind(model, filter_.name)
    assert kind is not None  # it has a shape
    column = fields.column(model, filter_.name)
    try:
        values = [kind.parse(column, value) for value in filter_.values]
    except ValueError as error:
        text = _("%(label)s: %(value)s", label=_label(filter_), value=str(error))
        raise BadRequest(text, field=filter_.key) from None
    return fields.attribute(model, filter_.name).in_(values)


def _require_known(model: type[Record], filter_: Filter) -> None:
    """Raise BadRequest if a value is not one of the attribute's choices."""
    known = fields.choices(model, filter_.name)
    if unknown := [value for value in filter_.values if value not in known]:
        text = _(
            "%(label)s: “%(value)s” is not one of %(choices)s.",
            label=_label(filter_),
            value=unknown[0][:60],
            choices=", ".join(known),
        )
        raise BadRequest(text, field=filter_.key)


def _boolean(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    return fields.attribute(model, filter_.name).in_(_answers(filter_))


def _filled(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match rows that have a file, or none."""
    column = fields.attribute(model, filter_.name)
    is_filled = and_(column.is_not(None), cast(column, String) != EMPTY_LIST)
    wanted = [is_filled if answer else not_(is_filled) for answer in _answers(filter_)]
    return or_(*wanted)


def _answers(filter_: Filter) -> list[bool]:
    """Return which of yes and no a filter asks for."""
    if not set(filter_.values) <= {"yes", "no"}:
        text = _("%(label)s: choose yes or no.", label=_label(filter_))
        raise BadRequest(text, field=filter_.key)
    return [value == "yes" for value in filter_.values]


def _related(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    """Match rows that are related to one of the chosen rows, or to none."""
    target = fields.related_model(model, filter_.name)
    ids = [_id(filter_, target, value) for value in filter_.values if value != NONE]
    has_chosen, has_none = _relation_conditions(model, filter_.name, ids)
    parts = []
    if ids:
        parts.append(has_chosen)
    if NONE in filter_.values:
        parts.append(has_none)
    return or_(*parts)


def _relation_conditions(
    model: type[Record], name: str, ids: list[RowKey]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return two conditions: a related row has one of the ids, and there is no related row."""
    if fields.relation(model, name).secondary_synchronize_pairs:
        return _association_conditions(model, name, ids)
    target = fields.related_model(model, name)
    attribute = fields.attribute(model, name)
    if fields.is_many(model, name):
        return attribute.any(target.id.in_(ids)), ~attribute.any()
    own_keys = fields.own_keys(model, name)
    if own_keys is None:  # it refers to something else than the key of the other row
        return attribute.has(target.id.in_(ids)), ~attribute.has()
    # The row's own foreign key, which has an index.
    has_none = or_(*(key.is_(None) for key in own_keys))
    return row_keys.referring(target, own_keys).in_(ids), has_none


def _association_conditions(
    model: type[Record], name: str, ids: list[RowKey]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the same of many to many, by the association table alone."""
    relation = fields.relation(model, name)
    others = [key for _id, key in relation.secondary_synchronize_pairs or ()]
    other_id = row_keys.referring(fields.related_model(model, name), others)
    pairs = (own == key for own, key in relation.synchronize_pairs)
    association = exists().where(*pairs, associations.counts(relation.secondary))
    return association.where(other_id.in_(ids)), ~association


def _number(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    try:
        number = decimal(filter_.values[0])
    except InvalidOperation:
        text = _("%(label)s: give a number.", label=_label(filter_))
        raise BadRequest(text, field=filter_.key) from None
    except ValueError:
        text = _("%(label)s: give a smaller number.", label=_label(filter_))
        raise BadRequest(text, field=filter_.key) from None
    column = fields.attribute(model, filter_.name)
    bound = _bound(column.type, number, filter_.operator)
    return column >= bound if filter_.operator == "from" else column <= bound


def _bound(
    type_: TypeEngine[object], number: Decimal, operator: str
) -> SQLColumnExpression[object]:
    """Return the number in the column's type, because no index serves a comparison with another.

    Integers are bound as BigInteger, because a smaller type cannot hold numbers beyond its range.
    """
    if isinstance(type_, Integer):
        whole = math.ceil(number) if operator == "from" else math.floor(number)
        return literal(whole, BigInteger())
    if isinstance(type_, Float):
        return literal(float(number), type_)
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
    ordering = fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return ordering >= start_of(day, filter_.zone)
    day_after = start_of(day + timedelta(days=1), filter_.zone)
    return _with_value(model, filter_.name, ordering, ordering < day_after)


def _date(model: type[Record], filter_: Filter) -> ColumnElement[bool]:
    ordering = fields.ordered(model, filter_.name)
    if filter_.operator == "from":
        return ordering >= _day(filter_)
    return _with_value(model, filter_.name, ordering, ordering <= _day(filter_))


def _with_value(
    model: type[Record], name: str, ordering: Expression, until: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Leave out rows without a value, which are ordered as the lowest ones."""
    if not fields.column(model, name).nullable:
        return until
    return and_(until, ordering > fields.lowest(model, name))


def _day(filter_: Filter) -> date:
    try:
        day = date.fromisoformat(filter_.values[0])
    except ValueError:
        text = _("%(label)s: write the date as 2026-01-31.", label=_label(filter_))
        raise BadRequest(text, field=filter_.key) from None
    least, most = YEARS
    if not least <= day.year <= most:
        text = _(
            "%(label)s: give a year between %(least)s and %(most)s.",
            label=_label(filter_),
            least=least,
            most=most,
        )
        raise BadRequest(text, field=filter_.key)
    return day


def _id(filter_: Filter, target: type[Record], text: str) -> RowKey:
    key = row_keys.parse(target, text)
    if key is None:
        label = _label(filter_)
        sentence = _("%(label)s: “%(value)s” is not a choice.", label=label, value=text[:60])
        raise BadRequest(sentence, field=filter_.key)
    return key


def _label(filter_: Filter) -> str:
    return filter_.label or fields.heading(filter_.name)


CONDITIONS: dict[str, Callable[[type[Record], Filter], ColumnElement[bool]]] = {
    "text": _text,
    "exact": _exact,
    "choice": _choice,
    "code": _code,
    "derived": _derived,
    "members": _members,
    "yes": _boolean,
    "filled": _filled,
    "rows": _related,
    "range": _number,
    "moment": _time,
    "day": _date,
}
