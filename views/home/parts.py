"""Draw the parts of home that are declared: counts, shares, trends and latest rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from flask import Flask, url_for

from backoffice import apps
from backoffice.dashboard.parts import Counts, Figure, Latest, Part, Share, Spread, Trend
from backoffice.data import lists
from backoffice.models import fields
from backoffice.places import DeclarationError, place_in
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.text.numbers import formatted
from views.home.sections import Block, Section
from views.screen.screen import Screen

# Of values that have no colour of their own, in this order (backoffice/static/admin.css).
PALETTE = ("blue", "teal", "orange", "purple", "pink", "green", "yellow", "red", "grey")
SLOT = 20  # of a day in the chart, in its own units
HEIGHT = 100


@dataclass(frozen=True)
class Tile:
    """A number, with the list that it counts."""

    label: str
    count: str
    href: str
    warns: bool = False
    colour: str = ""


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


def find(app: Flask) -> list[Section]:
    """Return the parts in the `figures` of the packages that join, counts before others.

    Raises DeclarationError, which stops the start, with what is wrong with one.
    """
    found: dict[str, Part] = {}
    for name in app.extensions["apps"]:
        for module in apps.modules(name, "figures"):
            for variable, value in vars(module).items():
                if isinstance(value, Part):
                    where = f"{module.__name__}.{variable}"
                    _check(app, f"{place_in(module, variable)}{where}", value)
                    found[where] = value
    in_order = sorted(found.items(), key=lambda item: not isinstance(item[1], Figure))
    return [section(where, part) for where, part in in_order]


def section(name: str, part: Part) -> Section:
    """Return the section of home that draws a part."""
    draw = next(draw for sort, draw in DRAWN.items() if isinstance(part, sort))
    return Section(name, lambda: part.heading, part.is_seen, partial(draw, part))


def _check(app: Flask, where: str, part: Part) -> None:
    screen = next((s for s in app.extensions["screens"] if s.model is part.of), None)
    if screen is None:
        mistakes = [f"{part.of.__name__} has no screen that it could lead to."]
    else:
        mistakes = [*part.mistakes()] or [*_unfiltered(part, screen)]
    if mistakes:
        raise DeclarationError("\n".join(f"{where}: {sentence}" for sentence in mistakes))


def _unfiltered(part: Part, screen: Screen) -> Iterator[str]:
    for name in part.names():
        if name not in screen.column_filters:
            yield f"its list has no filter {name!r}: add it to column_filters."


def _href(part: Part, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the address of the list with these filters."""
    query: dict[str, Any] = {}
    for key, value in pairs:
        query.setdefault(key, []).append(value)
    return url_for(f"{area_of(part.of)}.index", **query)


def _figure(part: Figure, actor: Actor) -> Block:
    number = part.count(actor)
    count = lists.count_text(actor, part.of, number)
    tile = Tile(part.heading, count, _href(part, part.pairs()), part.warns(number))
    return Block(part.heading, "home/_tile.html", {"tile": tile}, width="tile")


def _counts(part: Counts, actor: Actor) -> Block:
    tiles = [
        Tile(
            label=fields.label(part.of, part.name, value),
            count=lists.count_text(actor, part.of, number),
            href=_href(part, part.pairs(**{part.name: value})),
            colour=fields.colour(part.of, part.name, value),
        )
        for value, number in part.counts(actor)
    ]
    return Block(part.heading, "home/_counts.html", {"tiles": tiles}, width="whole")


def _share(part: Share, actor: Actor) -> Block:
    spread = part.spread(actor)
    values = {"slices": list(_slices(part, spread)), "newest": spread.newest}
    return Block(part.heading, "home/_share.html", values)


def _slices(part: Share, spread: Spread) -> Iterator[Slice]:
    everything = sum(spread.numbers.values())
    start = 0.0
    for place, (value, number) in enumerate(spread.numbers.items()):
        length = 100 * number / everything if everything else 0.0
        yield Slice(
            label=fields.label(part.of, part.name, value),
            count=formatted(number),
            colour=fields.colour(part.of, part.name, value) or PALETTE[place % len(PALETTE)],
            href=_href(part, part.pairs(**{part.name: value})),
            start=f"{start:.2f}",
            part=f"{length:.2f}",
            percent=f"{length:.0f}",
        )
        start += length


def _trend(part: Trend, actor: Actor) -> Block:
    text = partial(lists.count_text, actor, part.of)
    by_day = part.by_day(actor)
    most = max(number for _day, number in by_day)
    days = [
        _day(part, place, day, text(number), height=round(HEIGHT * number / (most or 1), 2))
        for place, (day, number) in enumerate(by_day)
    ]
    return Block(part.heading, "home/_trend.html", {"days": days, "most": text(most)})


def _day(part: Trend, place: int, day: date, count: str, *, height: float) -> Day:
    return Day(
        day=day.isoformat(),
        count=count,
        href=_href(part, part.of_day(day)),
        x=place * SLOT,
        y=HEIGHT - height,
        height=height,
    )


def _latest(part: Latest, actor: Actor) -> Block:
    base = url_for(f"{area_of(part.of)}.index")
    rows = [Row(label, f"{base}{row_id}", at) for row_id, label, at in part.rows(actor)]
    return Block(part.heading, "home/_latest.html", {"rows": rows})


DRAWN: Mapping[type[Part], Callable[[Any, Actor], Block]] = {
    Figure: _figure,
    Counts: _counts,
    Share: _share,
    Trend: _trend,
    Latest: _latest,
}
