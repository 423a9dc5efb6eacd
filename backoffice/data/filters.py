"""Parse the filters of a list, and check that the list has them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo

from flask_babel import gettext as _

from backoffice import clock, limits
from backoffice.errors import BadRequest
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.text import without_invisible

MAX_FILTERS = limits.FILTERS
MAX_VALUES = limits.FILTER_VALUES
SHOWN_LENGTH = 200  # characters of an invalid value that are shown again
BEGINNING = "1900-01-01"  # shows a list from its first day, if it looks back only some days
NONE = "none"  # the choice "has no related row"
# Keys of a query string that are about the list itself. A filter by an attribute that has one of
# these names needs an operator.
RESERVED = ("search", "sort", "after", "before", "size", "csrf_token", "tab", "columns", "view")
IS = "is"
# The attributes of which a list may have a filter, or these with what people call them.
Allowed = Sequence[str] | Mapping[str, str]
RANGED = ("range", "day", "moment")  # the shapes that have two ends


@dataclass(frozen=True)
class Filter:
    """One condition on the attribute `name`.

    `operator` is '' for "is one of `values`", or else "from" or "to". Days are those of `zone`.
    `label` is what people call the attribute where the list is shown.
    """

    name: str
    operator: str
    values: tuple[str, ...]
    zone: tzinfo = UTC
    label: str = field(default="", compare=False)

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
    return tuple(name for name in names if fields.shape(model, name))


def parse(
    model: type[Record],
    pairs: Iterable[tuple[str, str]],
    allowed: Allowed,
    zone: tzinfo = UTC,
) -> tuple[Filter, ...]:
    """Return the filters in a query string, in which days are those of `zone`.

    Raises BadRequest with the filter's key as its field if the attribute is not allowed, or if
    there are too many filters or values.
    """
    values_by_key = _by_key(_with_both_ends(model, pairs))
    value_count = sum(map(len, values_by_key.values()))
    if value_count > MAX_FILTERS * MAX_VALUES or len(values_by_key) > MAX_FILTERS:
        text = _("Use at most %(most)s filters at once.", most=MAX_FILTERS)
        raise BadRequest(text, field="search")
    parsed = [_filter(model, key, values, allowed) for key, values in values_by_key.items()]
    return tuple(replace(filter_, zone=zone) for filter_ in parsed)


def _with_both_ends(
    model: type[Record], pairs: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a query string; a number without an operator is both ends of its range."""
    for key, text in pairs:
        name, operator = _parts(key)
        is_number = not operator and fields.shape(model, name) == "range"
        for end in ("from", "to") if is_number else (operator,):
            yield key_of(name, end), text


def _by_key(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values in a query string by the keys of their filters; empty ones are left out."""
    values_by_key: dict[str, list[str]] = {}
    for key, text in pairs:
        if value := without_invisible(text):
            values_by_key.setdefault(key_of(*_parts(key)), []).append(value)
    return values_by_key


def as_typed(pairs: Iterable[tuple[str, str]], allowed: Sequence[str]) -> tuple[Filter, ...]:
    """Return the filters unchecked, to show them again as they were typed.

    They must not be used to query the database.
    """
    values_by_key: dict[str, list[str]] = {}
    for key, text in pairs:
        if key in RESERVED or _parts(key)[0] not in allowed:
            continue
        if value := without_invisible(text)[:SHOWN_LENGTH]:
            values_by_key.setdefault(key_of(*_parts(key)), []).append(value)
    filters = []
    for key, values in list(values_by_key.items())[:MAX_FILTERS]:
        distinct = tuple(dict.fromkeys(values))
        filters.append(Filter(*_parts(key), distinct[:MAX_VALUES]))
    return tuple(filters)


def _parts(key: str) -> tuple[str, str]:
    """Split a key into the attribute's name and the operator."""
    name, _dot, operator = key.partition(".")
    if operator == IS:
        operator = ""
    return name, operator


def _filter(model: type[Record], key: str, values: list[str], allowed: Allowed) -> Filter:
    name, operator = _parts(key)
    shape = fields.shape(model, name)
    fits = operator in ("from", "to") if shape in RANGED else not operator
    if name not in allowed or not shape or not fits:
        raise BadRequest(_("This list has no filter “%(key)s”.", key=key[:60]), field=key)
    label = allowed[name] if isinstance(allowed, Mapping) else fields.heading(name)
    distinct = tuple(dict.fromkeys(values))
    if operator and len(values) > 1:
        raise BadRequest(_("%(label)s: give one value.", label=label), field=key)
    _require_few(key, label, distinct)
    return Filter(name, operator, distinct, label=label)


def _require_few(key: str, label: str, values: Sequence[str]) -> None:
    """Refuse too many values rather than cut: with fewer, the list would show other rows."""
    if len(values) > MAX_VALUES:
        text = _("%(label)s: choose at most %(most)s.", label=label, most=MAX_VALUES)
        raise BadRequest(text, field=key)


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
