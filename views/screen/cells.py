"""How a value looks in a list and on a details page: one small function per kind, made once per column."""

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.fields import heading
from backoffice.policy.actor import initials
from views.theme import ago

Cell = Callable[[Any], Markup]
NOTHING = Markup('<span class="muted">–</span>')
PILLS_SHOWN = 2
COLOURS = 8


def maker(model: type[Record], name: str, base: str) -> Cell:
    """The function that turns a value of the attribute into HTML; `base` is where details of a row begin."""
    kind = fields.kind(model, name)
    if name in ("status", "state", "result"):
        return status
    if kind == "many":
        return pills
    if name in (model.__label__, "id"):
        return lambda pair: Markup('<a href="{}{}">{}</a>').format(base, pair[0], pair[1])
    return MAKERS.get(kind, text)


def text(value: Any) -> Markup:
    return escape(value) if value not in (None, "") else NOTHING


def number(value: Any) -> Markup:
    return Markup('<span class="num">{}</span>').format(f"{value:,}") if value is not None else NOTHING


def boolean(value: Any) -> Markup:
    return Markup("Yes") if value else Markup('<span class="muted">No</span>')


def choice(value: Any) -> Markup:
    return escape(heading(str(value))) if value else NOTHING


def status(value: str) -> Markup:
    """A coloured word; the colour only repeats what the word says."""
    return Markup('<span class="badge-status status-{}">{}</span>').format(value, heading(value)) if value else NOTHING


def listed(value: Sequence[Any]) -> Markup:
    return escape(", ".join(map(str, value))) if value else NOTHING


def pills(others: Sequence[tuple[int, str]], shown: int = PILLS_SHOWN) -> Markup:
    """The first related rows as pills, and how many more there are."""
    if not others:
        return NOTHING
    found = [f'<span class="pill">{escape(label)}</span>' for _, label in others[:shown]]
    if len(others) > shown:
        rest = escape(", ".join(label for _, label in others[shown:]))
        found.append(f'<span class="pill pill-more" title="{rest}">+{len(others) - shown}</span>')
    return Markup(" ".join(found))  # noqa: S704  # every part is escaped above


def person(row_id: int, name: str, email: str | None, base: str) -> Markup:
    """Avatar, name and address of somebody, together."""
    return Markup(
        '<a class="person" href="{}{}"><span class="avatar avatar-{}" aria-hidden="true">{}</span>'
        '<span><span class="person-name">{}</span><span class="person-mail">{}</span></span></a>'
    ).format(base, row_id, row_id % COLOURS, initials(name), name, email or "")


MAKERS: dict[str, Cell] = {
    "number": number,
    "boolean": boolean,
    "time": ago,
    "date": text,
    "choice": choice,
    "list": listed,
    "text": text,
}
