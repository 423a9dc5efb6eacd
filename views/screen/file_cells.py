"""Draw the files of a row: pictures small, as links to large ones, and others as downloads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from backoffice.data.files import LARGE, THUMBNAIL
from backoffice.file_types import TYPES
from backoffice.models.base import Record
from backoffice.models.files import Picture, StoredFile, listed
from backoffice.text.numbers import memory

SHOWN = 3  # in a list; the others are counted
NOTHING = Markup('<span class="muted">–</span>')


@dataclass(frozen=True)
class Held:
    """The files that a row has in a column; `base` is the address of the row."""

    base: str
    value: Any


Cell = Callable[[Held], Markup]


def file_href(base: str, name: str, file: StoredFile, size: int = LARGE) -> str:
    """Return the address of a file in a column of the row whose address is `base`."""
    if isinstance(file, Picture):
        return f"{base}pictures/{name}/{file.key}/{size}"
    return f"{base}files/{name}/{file.key}"


def thumbnail_href(base: str, name: str, file: StoredFile) -> str:
    """Return the address of a small picture; '' for a file that is none."""
    return file_href(base, name, file, THUMBNAIL) if isinstance(file, Picture) else ""


def in_short(_model: type[Record], name: str) -> Cell:
    """Return the function that draws files in a list."""
    return lambda held: _drawn(held, name, listed(held.value)[:SHOWN], full=False)


def in_full(_model: type[Record], name: str) -> Cell:
    """Return the function that draws files on a row's details."""
    return lambda held: _drawn(held, name, listed(held.value), full=True)


def _drawn(held: Held, name: str, shown: Sequence[StoredFile], *, full: bool) -> Markup:
    if not shown:
        return NOTHING
    parts = [_one(held.base, name, file, full=full) for file in shown]
    if rest := len(listed(held.value)) - len(shown):
        parts.append(f'<span class="pill pill-more">+{rest}</span>')
    look = "files files-full" if full else "files"
    return Markup(f'<span class="{look}">{" ".join(parts)}</span>')  # noqa: S704  # ours, or escaped


def _one(base: str, name: str, file: StoredFile, *, full: bool) -> str:
    href = escape(file_href(base, name, file))
    words = escape(file.name)
    if isinstance(file, Picture):
        small = escape(thumbnail_href(base, name, file))
        side = 128 if full else 40  # pixels, as the style sheet has it
        return (
            f'<a href="{href}"><img class="thumbnail" src="{small}" alt="{words}" '
            f'width="{side}" height="{side}" loading="lazy"></a>'
        )
    about = f" <small>{TYPES[file.type].words}, {escape(memory(file.size))}</small>" if full else ""
    return f'<span class="file"><a href="{href}" download>{words}</a>{about}</span>'
