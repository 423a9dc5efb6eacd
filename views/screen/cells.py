"""Draw values in lists and on details pages: one small function per kind, chosen once per column.

A page has hundreds of cells. They are joined from escaped parts, because Markup.format takes ten
times as long.
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
    """What a screen's own cell may need besides its row.

    `base` is where details begin. `related` holds the related rows as (id, label), by column and
    then by row.
    """

    base: str
    related: Mapping[str, Mapping[int, Pairs]]

    def link(self, row_id: int, label: Any) -> Markup:
        """Return a row's name as a link to its details."""
        return link(self.base, row_id, label)


OwnCell = Callable[[Any, CellContext], Markup]


def maker(model: type[Record], name: str, base: str) -> Cell:
    """Return the function that turns a value of the attribute into HTML.

    `base` is where details of a row begin.
    """
    kind = fields.kind(model, name)
    if name in ("status", "state", "result"):
        return status
    if kind == "many":
        return pills
    if name in (model.__label__, "id"):
        return lambda pair: link(base, *pair)
    return MAKERS.get(kind, text)


def text(value: Any) -> Markup:
    if value in (None, ""):
        return NOTHING
    return escape(value)


def phone(value: Any) -> Markup:
    """Write a telephone number as people write it."""
    return text(phones.shown(value) if value else value)


def number(value: Any) -> Markup:
    if value is None:
        return NOTHING
    return _ready(f'<span class="num">{value:,}</span>')


def boolean(value: Any) -> Markup:
    if value:
        return Markup("Yes")
    return Markup('<span class="muted">No</span>')


def choice(value: Any) -> Markup:
    if not value:
        return NOTHING
    return escape(heading(str(value)))


@cache
def status(value: str) -> Markup:
    """Return a coloured word; the colour only repeats what the word says."""
    if not value:
        return NOTHING
    badge = Markup('<span class="badge-status status-{}">{}</span>')
    return badge.format(value, heading(value))


def link(base: str, row_id: int, label: Any) -> Markup:
    """Return a row's name as a link to its details, which begin at `base`."""
    return _ready(f'<a href="{base}{row_id}">{escape(label)}</a>')


def listed(value: Sequence[Any]) -> Markup:
    if not value:
        return NOTHING
    return escape(", ".join(map(str, value)))


def pills(others: Pairs, shown: int = PILLS_SHOWN) -> Markup:
    """Return the first related rows as pills, and how many more there are."""
    if not others:
        return NOTHING
    parts = [f"<span class=pill>{escape(label)}</span>" for _, label in others[:shown]]
    rest = others[shown:]
    if rest:
        names = escape(", ".join(label for _, label in rest))
        parts.append(f'<span class="pill pill-more" title="{names}">+{len(rest)}</span>')
    return _ready(" ".join(parts))


def person(
    row_id: int, name: str, email: str | None, base: str, picture: str | None = None
) -> Markup:
    """Return a person's avatar, name and address as one link."""
    return _ready(
        f'<a class=person href="{base}{row_id}">{avatar(row_id, name, picture)}'
        f"<span><b>{escape(name)}</b><small>{escape(email or '')}</small></span></a>"
    )


def row(
    href: str, row_id: int, label: Any, cells: Sequence[Markup], *, menu: str, ticks: bool
) -> Markup:
    """Return a row of a list; `menu` says what its menu is for.

    The HTML is kept tiny because rows are most of the page: cells and rows may go unclosed, and
    plain words unquoted.
    """
    label = escape(label)
    tick = ""
    if ticks:
        tick = f'<td><input type=checkbox name=row value={row_id} aria-label="{label}">'
    return _ready(
        f"<tr>{tick}<th scope=row>{'<td>'.join(cells)}"
        f'<td><a href="{href}" data-menu-url="{href}/menu" aria-label="{menu} {label}"></a>\n'
    )


def _ready(html: str) -> Markup:
    """Mark our own HTML as safe: every part that is not ours has been through escape()."""
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
