"""How a value looks in a list and on a details page: one small function per kind, made once per column.

A page has hundreds of cells, so they are joined from escaped parts: Markup.format takes ten times as long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.fields import heading
from backoffice.text import phones
from views.web.avatars import avatar
from views.web.times import ago

Cell = Callable[[Any], Markup]
Pairs = Sequence[tuple[int, str]]
NOTHING = Markup('<span class="muted">–</span>')
PILLS_SHOWN = 2


@dataclass(frozen=True)
class CellContext:
    """What a screen's own cell may need besides its row: where details begin, and related rows as (id, label)."""

    base: str
    related: Mapping[str, Mapping[int, Pairs]]

    def link(self, row_id: int, label: Any) -> Markup:
        """A row's name, which leads to its details."""
        return link(self.base, row_id, label)


OwnCell = Callable[[Any, CellContext], Markup]


def maker(model: type[Record], name: str, base: str) -> Cell:
    """The function that turns a value of the attribute into HTML; `base` is where details of a row begin."""
    kind = fields.kind(model, name)
    if name in ("status", "state", "result"):
        return status
    if kind == "many":
        return pills
    if name in (model.__label__, "id"):
        return lambda pair: link(base, *pair)
    return MAKERS.get(kind, text)


def text(value: Any) -> Markup:
    return escape(value) if value not in (None, "") else NOTHING


def phone(value: Any) -> Markup:
    """As people write it."""
    return text(phones.shown(value) if value else value)


def number(value: Any) -> Markup:
    return _ready(f'<span class="num">{value:,}</span>') if value is not None else NOTHING


def boolean(value: Any) -> Markup:
    return Markup("Yes") if value else Markup('<span class="muted">No</span>')


def choice(value: Any) -> Markup:
    return escape(heading(str(value))) if value else NOTHING


@cache
def status(value: str) -> Markup:
    """A coloured word; the colour only repeats what the word says."""
    return (
        Markup('<span class="badge-status status-{}">{}</span>').format(value, heading(value))
        if value
        else NOTHING
    )


def link(base: str, row_id: int, label: Any) -> Markup:
    """A row's name, which leads to its details; `base` is where they begin."""
    return _ready(f'<a href="{base}{row_id}">{escape(label)}</a>')


def listed(value: Sequence[Any]) -> Markup:
    return escape(", ".join(map(str, value))) if value else NOTHING


def pills(others: Pairs, shown: int = PILLS_SHOWN) -> Markup:
    """The first related rows as pills, and how many more there are."""
    if not others:
        return NOTHING
    found = [f"<span class=pill>{escape(label)}</span>" for _, label in others[:shown]]
    if len(others) > shown:
        rest = escape(", ".join(label for _, label in others[shown:]))
        found.append(f'<span class="pill pill-more" title="{rest}">+{len(others) - shown}</span>')
    return _ready(" ".join(found))


def person(
    row_id: int, name: str, email: str | None, base: str, picture: str | None = None
) -> Markup:
    """Avatar, name and address of somebody, together."""
    return _ready(
        f'<a class=person href="{base}{row_id}">{avatar(row_id, name, picture)}'
        f"<span><b>{escape(name)}</b><small>{escape(email or '')}</small></span></a>"
    )


def row(
    href: str, row_id: int, label: Any, cells: Sequence[Markup], *, menu: str, ticks: bool
) -> Markup:
    """A row of a list; `menu` says what its menu is for.

    Kept tiny, for this is most of the page: HTML lets cells and rows go unclosed, and plain words unquoted.
    """
    label = escape(label)
    tick = (
        f'<td><input type=checkbox name=row value={row_id} aria-label="{label}">' if ticks else ""
    )
    return _ready(
        f"<tr>{tick}<th scope=row>{'<td>'.join(cells)}"
        f'<td><a href="{href}" data-menu-url="{href}/menu" aria-label="{menu} {label}"></a>\n'
    )


def _ready(html: str) -> Markup:
    """HTML of ours, in which escape() has been over every part that is not."""
    return Markup(html)  # noqa: S704  # see above


MAKERS: dict[str, Cell] = {
    "number": number,
    "boolean": boolean,
    "time": ago,
    "date": text,
    "choice": choice,
    "derived": choice,
    "list": listed,
    "text": text,
    "email": text,
    "login": text,
    "phone": phone,
}
