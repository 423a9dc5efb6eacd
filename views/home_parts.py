"""Draw the parts of home that packages declare: counts, shares, trends and latest rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app, url_for

from backoffice import apps
from backoffice.dashboard.parts import Figure, Latest, Part, Share, Trend
from backoffice.data import lists
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of

# Of values that have no colour of their own, in this order (backoffice/static/admin.css).
PALETTE = ("blue", "teal", "orange", "purple", "pink", "green", "yellow", "red", "grey")
SLOT = 20  # of a day in the chart, in its own units
HEIGHT = 100


@dataclass(frozen=True)
class Tile:
    """A number, with the list that it counts."""

    label: str
    count: str
    warns: bool
    href: str


@dataclass(frozen=True)
class Slice:
    """A part of a bar, from `start` on and `part` long, both in percent; `percent` for people."""

    label: str
    count: str
    colour: str
    href: str
    start: str
    part: str
    percent: str


@dataclass(frozen=True)
class Day:
    """A day of a trend: its number in words, its bar, and the list of its rows."""

    day: str
    count: str
    href: str
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Row:
    """A row that was added lately."""

    label: str
    href: str
    at: datetime | None


@dataclass(frozen=True)
class Block:
    """A part with a heading of its own; only what belongs to its sort is filled in."""

    heading: str
    slices: Sequence[Slice] = ()
    days: Sequence[Day] = ()
    most: str = ""
    rows: Sequence[Row] | None = None


def find(app: Flask) -> None:
    """Find the parts in the `figures` of the packages that join, and keep them with the app.

    Raises TypeError, which stops the start, with what is wrong with one.
    """
    found: list[Part] = []
    for name in app.extensions["apps"]:
        for module in apps.modules(name, "figures"):
            for variable, value in vars(module).items():
                if isinstance(value, Part):
                    _check(app, f"{module.__name__}.{variable}", value)
                    found.append(value)
    app.extensions["home_parts"] = found


def _check(app: Flask, where: str, part: Part) -> None:
    mistakes = list(part.mistakes())
    screen = next((s for s in app.extensions["screens"] if s.model is part.of), None)
    if screen is None:
        mistakes.append(f"{part.of.__name__} has no screen that it could lead to")
    else:
        unfiltered = [name for name in part.names() if name not in screen.column_filters]
        mistakes += [f"its list has no filter {name!r}: add it there" for name in unfiltered]
    if mistakes:
        raise TypeError("\n".join(f"{where}: {sentence}" for sentence in mistakes))


def tiles(actor: Actor) -> list[Tile]:
    """Return the counts that the actor may see."""
    return [_tile(actor, part) for part in _seen(actor) if isinstance(part, Figure)]


def blocks(actor: Actor) -> Iterator[Block]:
    """Yield the other parts that the actor may see."""
    for part in _seen(actor):
        if isinstance(part, Share):
            yield Block(part.heading, slices=list(_slices(actor, part)))
        elif isinstance(part, Trend):
            yield _trend(actor, part)
        elif isinstance(part, Latest):
            yield Block(part.heading, rows=_rows(actor, part))


def _seen(actor: Actor) -> list[Part]:
    parts: list[Part] = current_app.extensions["home_parts"]
    return [part for part in parts if part.is_seen(actor)]


def _href(part: Part, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the address of the list with these filters."""
    query: dict[str, Any] = {}
    for key, value in pairs:
        query.setdefault(key, []).append(value)
    return url_for(f"{area_of(part.of)}.index", **query)


def _tile(actor: Actor, part: Figure) -> Tile:
    number = part.count(actor)
    return Tile(part.heading, lists.capped(number), part.warns(number), _href(part, part.pairs()))


def _slices(actor: Actor, part: Share) -> Iterator[Slice]:
    counts = part.counts(actor)
    everything = sum(number for _value, number in counts)
    name = part.attribute.key
    start = 0.0
    for place, (value, number) in enumerate(counts):
        length = 100 * number / everything if everything else 0.0
        yield Slice(
            label=fields.label(part.of, name, value),
            count=lists.capped(number),
            colour=fields.colour(part.of, name, value) or PALETTE[place % len(PALETTE)],
            href=_href(part, part.pairs(**{name: value})),
            start=f"{start:.2f}",
            part=f"{length:.2f}",
            percent=f"{length:.0f}",
        )
        start += length


def _trend(actor: Actor, part: Trend) -> Block:
    by_day = part.by_day(actor)
    most = max(number for _day, number in by_day)
    days = []
    for place, (day, number) in enumerate(by_day):
        height = round(HEIGHT * number / (most or 1), 2)
        days.append(
            Day(
                day=day.isoformat(),
                count=lists.capped(number),
                href=_href(part, part.of_day(day)),
                x=place * SLOT,
                y=HEIGHT - height,
                height=height,
            )
        )
    return Block(part.heading, days=days, most=lists.capped(most))


def _rows(actor: Actor, part: Latest) -> list[Row]:
    base = url_for(f"{area_of(part.of)}.index")
    return [Row(label, f"{base}{row_id}", at) for row_id, label, at in part.rows(actor)]
