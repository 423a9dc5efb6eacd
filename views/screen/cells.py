"""Draw values in lists and on details pages: one small function per kind, chosen once per column.

A page has hundreds of cells. They are joined from escaped parts, because Markup.format takes ten
times as long.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_currency
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from backoffice.data import cursors
from backoffice.languages import DEFAULT
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.kinds import (
    Kind,
    choices,
    documents,
    files,
    identifiers,
    numbers,
    part_of,
    relations,
    texts,
    times,
)
from backoffice.models.row_keys import RowKey
from backoffice.models.unreadable import Unreadable
from backoffice.text import phones, shortened
from backoffice.text.numbers import formatted
from views.screen import file_cells
from views.web.avatars import avatar
from views.web.times import ago

ListRow = cursors.Found  # what its screen names are its attributes
Cell = Callable[[Any], Markup]  # from a value, whose type is its column's
Words = Callable[[Any], str]  # the same, from a value to what people call it
Maker = Callable[[type[Record], str], Cell]
Pairs = Sequence[tuple[RowKey, str]]
NOTHING = file_cells.NOTHING
NO_NUMBER = Markup('<span class="num muted">–</span>')  # it stands where numbers do
PILLS_SHOWN = 2
SHORT = 120  # characters of a long text in a list


@dataclass(frozen=True)
class CellContext:
    """What a screen's own cell may need besides its row.

    `base` is where details begin. `related` holds the related rows as (id, label), by column and
    then by row.
    """

    base: str
    related: Mapping[str, Mapping[RowKey, Pairs]]

    def link(self, row_id: RowKey, label: object) -> Markup:
        """Return a row's name as a link to its details."""
        return link(self.base, row_id, label)


OwnCell = Callable[[ListRow, CellContext], Markup]


def maker(model: type[Record], name: str, base: str) -> Cell:
    """Return the function that turns a value of the attribute into HTML, in a list.

    `base` is where details of a row begin.
    """
    if name in (model.__label__, "id"):
        return lambda pair: link(base, *pair)
    return _maker(model, name, CELLS)


def full_maker(model: type[Record], name: str) -> Cell:
    """Return the function that turns a value of the attribute into HTML, on a row's details."""
    return _maker(model, name, CELLS | FULL_CELLS)


def _maker(model: type[Record], name: str, cells: Mapping[type[Kind], Maker]) -> Cell:
    kind = fields.kind(model, name)
    assert kind is not None  # the start refuses a screen that shows something hidden
    cell = part_of(kind, cells)(model, name)
    return _tolerant(cell) if model.__key_columns__ else cell


def _tolerant(cell: Cell) -> Cell:
    """Return the function that also writes what the column's type cannot read."""
    return lambda value: unreadable(value) if isinstance(value, Unreadable) else cell(value)


def unreadable(value: Unreadable) -> Markup:
    """Write a value as the database has it, and that it is none of its column's type."""
    said = escape(_("unreadable"))
    return _ready(f'<code>{escape(value)}</code> <small class="muted">{said}</small>')


def text(value: object) -> Markup:
    if value in (None, ""):
        return NOTHING
    return escape(value)


def phone(value: str | None) -> Markup:
    """Write a telephone number as people write it."""
    return text(phones.shown(value) if value else value)


def number(value: float | Decimal | None) -> Markup:
    if value is None:
        return NO_NUMBER
    return _ready(f'<span class="num">{formatted(value)}</span>')


def short(value: str | None) -> Markup:
    """Write the beginning of a long text."""
    return text(shortened(value or "", SHORT))


def url(value: str | None) -> Markup:
    """Write the address of a web page as a link that tells it nothing of ours."""
    if not value:
        return NOTHING
    if not value.startswith(("https://", "http://")):
        return escape(value)
    letters = escape(value)
    return _ready(f'<a href="{letters}" rel="noopener noreferrer nofollow">{letters}</a>')


def document(value: object) -> Markup:
    """Write a JSON value with its structure."""
    if value is None:
        return NOTHING
    letters = json.dumps(value, ensure_ascii=False, indent=2)
    return _ready(f'<pre class="document">{escape(letters)}</pre>')


def document_in_short(value: object) -> Markup:
    return NOTHING if value is None else short(json.dumps(value, ensure_ascii=False))


def time_of_day(value: time | None) -> Markup:
    return NOTHING if value is None else escape(value.isoformat("minutes"))


def badge(word: str, colour: str) -> Markup:
    """Return a coloured word; the colour only repeats what the word says."""
    return _ready(f'<span class="badge-status tag-{colour}">{escape(word)}</span>')


def _choice(model: type[Record], name: str) -> Cell:
    """Return the function that writes a choice, each of its words once a page."""
    words: dict[str, Markup] = {}

    def write(value: str | None) -> Markup:
        if not value:
            return NOTHING
        if value not in words:
            word, colour = fields.label(model, name, value), fields.colour(model, name, value)
            words[value] = badge(word, colour) if colour else escape(word)
        return words[value]

    return write


def _boolean(_model: type[Record], _name: str) -> Cell:
    """Return the function that writes an answer, which may also be open."""
    yes, no = escape(_("Yes")), _ready(f'<span class="muted">{escape(_("No"))}</span>')

    def write(value: bool | None) -> Markup:
        if value is None:
            return NOTHING
        return yes if value else no

    return write


def amount(value: Decimal | None, currency: str, locale: Locale | str | None = None) -> Markup:
    """Write an amount of the currency (ISO 4217) as the reader's language writes it."""
    if value is None:
        return NO_NUMBER
    shown = format_currency(value, currency, locale=locale or get_locale() or DEFAULT)
    return _ready(f'<span class="num">{escape(shown)}</span>')


def _money(model: type[Record], name: str) -> Cell:
    """Return the function that writes amounts as the reader's language writes them."""
    currency = fields.column(model, name).info["currency"]
    locale = get_locale() or DEFAULT

    return lambda value: amount(value, currency, locale)


def _countries(model: type[Record], name: str) -> Cell:
    """Return the function that writes the first of some countries, and how many more there are."""
    return lambda value: pills(_named_countries(model, name, value))


def _countries_in_full(model: type[Record], name: str) -> Cell:
    return lambda value: listed([label for _code, label in _named_countries(model, name, value)])


def _named_countries(model: type[Record], name: str, value: Sequence[str]) -> Pairs:
    """Return countries as (code, name), by their names."""
    named = ((code, fields.label(model, name, code)) for code in value)
    return sorted(named, key=lambda pair: pair[1])


def _always(cell: Cell) -> Maker:
    return lambda _model, _name: cell


def choice(model: type[Record], name: str, value: str) -> Markup:
    """Return a value of a choice as its word, in its colour if it has one."""
    return _choice(model, name)(value)


def link(base: str, row_id: RowKey, label: object) -> Markup:
    """Return a row's name as a link to its details, which begin at `base`."""
    return _ready(f'<a href="{base}{row_id}">{escape(label)}</a>')


def listed(value: Sequence[object]) -> Markup:
    if not value:
        return NOTHING
    return escape(", ".join(map(str, value)))


def pills(others: Pairs, shown: int = PILLS_SHOWN) -> Markup:
    """Return the first related rows as pills, and how many more there are."""
    if not others:
        return NOTHING
    parts = [f"<span class=pill>{escape(label)}</span>" for _id, label in others[:shown]]
    rest = others[shown:]
    if rest:
        names = escape(", ".join(label for _id, label in rest))
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
    href: str, row_id: RowKey, label: object, cells: Sequence[Markup], *, menu: str, ticks: bool
) -> Markup:
    """Return a row of a list; `menu` says what its menu is for, with the label as `%(label)s`.

    The HTML is kept tiny because rows are most of the page: cells and rows may go unclosed, and
    plain words unquoted.
    """
    shown = escape(label)
    tick = ""
    if ticks:
        tick = f'<td><input type=checkbox name=row value={row_id} aria-label="{shown}">'
    menu = menu.replace("%(label)s", shown)
    return _ready(
        f"<tr>{tick}<th scope=row>{'<td>'.join(cells)}"
        f'<td><a href="{href}" data-menu-url="{href}/menu" aria-label="{menu}"></a>\n'
    )


def _ready(html: str) -> Markup:
    """Mark our own HTML as safe: every part that is not ours has been through escape()."""
    return Markup(html)  # noqa: S704  # see above


CELLS: dict[type[Kind], Maker] = {
    texts.Text: _always(text),
    texts.LongText: _always(short),
    texts.Phone: _always(phone),
    texts.Url: _always(url),
    numbers.Number: _always(number),
    numbers.Money: _money,
    choices.Choice: _choice,
    choices.Boolean: _boolean,
    times.Date: _always(text),
    times.DateTime: _always(ago),
    times.Time: _always(time_of_day),
    documents.Json: _always(document_in_short),
    documents.TextLines: _always(listed),
    documents.Countries: _countries,
    identifiers.Uuid: _always(text),
    files.File: file_cells.in_short,
    relations.One: _always(text),
    relations.Many: _always(pills),
    relations.Computed: _always(text),
}
# On a row's details there is room for all of it.
FULL_CELLS: dict[type[Kind], Maker] = {
    texts.LongText: _always(text),
    documents.Json: _always(document),
    documents.Countries: _countries_in_full,
    files.File: file_cells.in_full,
}
