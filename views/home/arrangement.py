"""Arrange home as a person likes it: which sections are hidden, and in which order they stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from werkzeug.datastructures import MultiDict

from views.home.sections import Block, Section, Width

PREFERENCES = "home"  # under which name a person's choice is kept


@dataclass(frozen=True)
class Entry:
    """A section on the page that arranges them; the outer ones move one way only."""

    name: str
    heading: str
    is_shown: bool
    is_first: bool
    is_last: bool


class Arrangement:
    """The sections that a person may see, in their order.

    What they never arranged, such as a section that is new, keeps its place among its neighbours.
    What they hid and may not see at present stays hidden.
    """

    def __init__(self, seen: Sequence[Section], chosen: object) -> None:
        kept = chosen if isinstance(chosen, Mapping) else {}
        self._hidden = set(_texts(kept.get("hidden")))
        self._sections = _in_order(seen, _texts(kept.get("order")))

    def shown(self) -> list[Section]:
        """Return the sections that home has, in order."""
        return [section for section in self._sections if section.name not in self._hidden]

    def entries(self) -> list[Entry]:
        """Return all of them, as the page that arranges them has them."""
        last = len(self._sections) - 1
        return [
            Entry(
                name=section.name,
                heading=section.heading(),
                is_shown=section.name not in self._hidden,
                is_first=place == 0,
                is_last=place == last,
            )
            for place, section in enumerate(self._sections)
        ]

    def changed(self, sent: MultiDict[str, str]) -> dict[str, list[str]]:
        """Return what to keep after the form of that page was sent; unknown names say nothing."""
        if "reset" in sent:
            return {}
        shown = set(sent.getlist("shown"))
        names = [section.name for section in self._sections]
        return {
            "hidden": sorted(self._hidden.difference(names) | set(names).difference(shown)),
            "order": _moved(_moved(names, sent.get("up"), -1), sent.get("down"), 1),
        }


def grouped(blocks: Sequence[Block]) -> Iterator[tuple[Width, list[Block]]]:
    """Yield blocks of the same width that follow each other, which stand in one row."""
    for width, some in groupby(blocks, key=lambda block: block.width):
        yield width, list(some)


def _in_order(seen: Sequence[Section], names: Sequence[str]) -> list[Section]:
    """Return the sections in the order of `names`.

    Others stand behind the one that they follow by default.
    """
    by_name = {section.name: section for section in seen}
    order = [name for name in names if name in by_name]
    place = 0
    for name in by_name:
        if name in order:
            place = order.index(name) + 1
        else:
            order.insert(place, name)
            place += 1
    return [by_name[name] for name in order]


def _moved(names: list[str], name: str | None, by: int) -> list[str]:
    """Return the names with one of them moved by one place, as far as there is one."""
    if name not in names:
        return names
    place = names.index(name)
    others = [other for other in names if other != name]
    others.insert(max(place + by, 0), name)
    return others


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
