"""Declare what home shows of an entity: a count, shares of a choice, a trend, the latest rows.

Each part counts what a list shows with the same filters, within the reader's scope and as far as
lists count; so its number and the list that it leads to always agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy.orm import InstrumentedAttribute

from backoffice import clock
from backoffice.data import comparable, filters, lists
from backoffice.data.lists import Query
from backoffice.errors import BadRequest
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.kinds.choices import Boolean, Choice
from backoffice.models.unreadable import Unreadable
from backoffice.places import meant
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from backoffice.text import capital
from backoffice.time_zones import timezone_of

# By key, as in the query of a list: {"status": "full", "pieces.from": 10}.
Filters = Mapping[str, Any]
Pairs = list[tuple[str, str]]
MOST_DAYS = 60
MOST_ROWS = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """Something that home shows; a subclass says what.

    Attributes:
        label: its heading; by default, the words of the entity or of the attribute.
        filters: which rows it is about, as in the query of their list.
    """

    label: str = ""
    filters: Filters = field(default_factory=dict)

    @property
    def of(self) -> type[Record]:
        """The model whose rows it is about."""
        raise NotImplementedError

    @property
    def heading(self) -> str:
        """What people call it."""
        return str(self.label) or capital(self.of.nouns())

    def names(self) -> Iterator[str]:
        """Yield the attributes that it tells something about."""
        for key in self.filters:
            yield key.partition(".")[0]

    def is_seen(self, actor: Actor) -> bool:
        """Tell whether the actor may see the rows, and all that the part tells of them."""
        readable = (comparable.may_filter(actor, self.of, name) for name in self.names())
        return sees(actor, self.of) and all(readable)

    def pairs(self, **more: object) -> Pairs:
        """Return the filters, and these ones, as in a query string."""
        return [
            (key, str(each))
            for key, value in {**self.filters, **more}.items()
            for each in (value if isinstance(value, tuple | list) else [value])
        ]

    def query(self, actor: Actor, pairs: Pairs) -> Query:
        """Return the query of the list with these filters, in which days are the actor's."""
        return lists.parse(self.of, pairs, zone=timezone_of(actor.time_zone))

    def mistakes(self) -> Iterator[str]:
        """Yield what is wrong with its declaration, as sentences."""
        possible = filters.filterable(self.of)
        unknown = [key for key in self.filters if key.partition(".")[0] not in possible]
        for key in unknown:
            yield f"there is no filter {key!r}: {meant(key, possible)}"
        if unknown:
            return
        try:
            lists.parse(self.of, self.pairs())
        except BadRequest as error:
            yield str(error.message)


@dataclass(frozen=True, eq=False)
class Figure(Part):
    """How many rows there are; above the number `warns_above` it stands out."""

    model: type[Record]
    warns_above: int | None = field(default=None, kw_only=True)

    @property
    def of(self) -> type[Record]:
        return self.model

    def count(self, actor: Actor) -> int:
        """Return the number, counted as far as lists count."""
        return lists.count(actor, self.model, self.query(actor, self.pairs()))

    def warns(self, number: int) -> bool:
        """Tell whether so many rows are too many."""
        return self.warns_above is not None and number > self.warns_above


@dataclass(frozen=True, eq=False)
class AttributePart(Part):
    """A part about the values of one attribute."""

    attribute: InstrumentedAttribute[Any]

    @property
    def of(self) -> type[Record]:
        return cast("type[Record]", self.attribute.class_)

    @property
    def name(self) -> str:
        """The name of the attribute."""
        return self.attribute.key

    def names(self) -> Iterator[str]:
        yield from super().names()
        yield self.name


@dataclass(frozen=True, eq=False)
class ChoicePart(AttributePart):
    """A part about each value of a choice, or yes and no."""

    @property
    def heading(self) -> str:
        if self.label:
            return str(self.label)
        name = fields.heading(self.name)
        return _("%(nouns)s: %(attribute)s", nouns=capital(self.of.nouns()), attribute=name)

    def values(self) -> tuple[str, ...]:
        """Return every value, as it is written."""
        if fields.shape(self.of, self.name) == "yes":
            return "yes", "no"
        return fields.choices(self.of, self.name)

    def mistakes(self) -> Iterator[str]:
        yield from super().mistakes()
        if fields.shape(self.of, self.name) not in ("choice", "derived", "yes"):
            yield f"{self.attribute} is no choice"


@dataclass(frozen=True, eq=False)
class Counts(ChoicePart):
    """How many rows have each value of a choice."""

    def counts(self, actor: Actor) -> list[tuple[str, int]]:
        """Return each value with its number of rows, counted as far as lists count."""
        queries = [self.query(actor, self.pairs(**{self.name: value})) for value in self.values()]
        return list(zip(self.values(), lists.counts(actor, self.of, queries), strict=True))


@dataclass(frozen=True)
class Spread:
    """How many rows have which value; above zero, `newest` says that only so many were counted."""

    numbers: Mapping[str, int]
    newest: int = 0


@dataclass(frozen=True, eq=False)
class Share(ChoicePart):
    """The parts that the values of a choice have of all rows, or of the newest of very many."""

    def spread(self, actor: Actor) -> Spread:
        """Return the number of each value, among as many of the newest rows as lists count."""
        counted = lists.spread(actor, self.of, self.query(actor, self.pairs()), self.name)
        kind, column = fields.kind(self.of, self.name), fields.column(self.of, self.name)
        assert isinstance(kind, Choice | Boolean)
        written = {
            kind.write(column, value): number
            for value, number in counted.items()
            if not isinstance(value, Unreadable)
        }
        most = lists.cap(actor, self.of)
        newest = most if sum(written.values()) >= most else 0
        return Spread({value: written.get(value, 0) for value in self.values()}, newest)

    def mistakes(self) -> Iterator[str]:
        yield from super().mistakes()
        if fields.shape(self.of, self.name) == "derived":
            yield f"{self.name!r} is in no column: use Counts"


@dataclass(frozen=True, eq=False)
class Trend(AttributePart):
    """How many rows belong to each of the last days, by a date or a time."""

    days: int = field(default=30, kw_only=True)

    @property
    def heading(self) -> str:
        return str(self.label or _("%(nouns)s per day", nouns=capital(self.of.nouns())))

    def of_day(self, day: date) -> Pairs:
        """Return the filters of one day."""
        return self.pairs(**{f"{self.name}.from": day, f"{self.name}.to": day})

    def by_day(self, actor: Actor) -> list[tuple[date, int]]:
        """Return each day of the actor's calendar with its number of rows; today comes last."""
        today = clock.now().astimezone(timezone_of(actor.time_zone)).date()
        days = [today - timedelta(days=back) for back in reversed(range(self.days))]
        queries = [self.query(actor, self.of_day(day)) for day in days]
        return list(zip(days, lists.counts(actor, self.of, queries), strict=True))

    def mistakes(self) -> Iterator[str]:
        yield from super().mistakes()
        if fields.shape(self.of, self.name) not in ("day", "moment"):
            yield f"{self.attribute} is no date or time"
        elif not fields.has_index(self.of, self.name):
            table, name = self.of.__tablename__, self.name
            yield (
                "each day would read the whole table: declare an index, "
                f'Index("ix_{table}_{name}_id", "{name}", "id")'
            )
        if not 1 <= self.days <= MOST_DAYS:
            yield f"a trend has at most {MOST_DAYS} days"


@dataclass(frozen=True, eq=False)
class Latest(Part):
    """The rows that were added last."""

    model: type[Record]
    number: int = field(default=8, kw_only=True)

    @property
    def of(self) -> type[Record]:
        return self.model

    @property
    def heading(self) -> str:
        return str(self.label or _("Latest %(nouns)s", nouns=self.model.nouns()))

    def rows(self, actor: Actor) -> Sequence[tuple[int, str, datetime | None]]:
        """Return the number, the label and the time of each row."""
        label = self.model.__label__
        has_time = "created_at" in fields.visible(self.model)
        columns = [label, "created_at"] if has_time else [label]
        found = lists.page(actor, self.model, self.query(actor, self.pairs()), columns).rows
        return [
            (row.id, str(getattr(row, label)), getattr(row, "created_at", None))
            for row in found[: self.number]
        ]

    def mistakes(self) -> Iterator[str]:
        yield from super().mistakes()
        if not 1 <= self.number <= MOST_ROWS:
            yield f"at most {MOST_ROWS} rows are shown"
