"""Export a list as a file that is sent while its rows are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from flask import Flask, Response, current_app
from flask_babel import force_locale, get_locale

from backoffice import database, slots
from backoffice.data import exports
from backoffice.data.exports import Export
from backoffice.data.lists import Page, Query
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from views.screen.cells import ListRow
from views.screen.definition import Definition
from views.screen.formats import Heading, Way, formats


def respond(screen: Definition, actor: Actor, query: Query, ending: str) -> Response:
    """Answer with the whole list as a file, however long it is, in little memory.

    `exports.start` requires the right to export and a recent confirmation.
    """
    settings = configured()
    names = list(screen.readable(actor, screen.column_export_list))
    room = slots.exports(settings.export_slots)
    start = partial(exports.start, actor=actor, model=screen.model, query=query, columns=names)
    export = _started(room, start)
    format_ = formats(bom=settings.csv_bom)[ending]
    headings = _headings(screen, names)
    rows = _rows(screen, export, names, format_.way)
    content = format_.write(headings, rows)
    sent = Sent(_running_app(), export, content, room)
    response = Response(sent, content_type=format_.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{screen.slug}.{ending}"'
    return response


def _running_app() -> Flask:
    proxy: Any = current_app
    app: Flask = proxy._get_current_object()  # noqa: SLF001  # the proxy's public way
    return app


def _started(room: slots.Slots, start: Callable[[], Export]) -> Export:
    """Take a slot and start the export; give the slot back if the export cannot start."""
    room.take()
    try:
        return start()
    except BaseException:
        room.give_back()
        raise


class Sent:
    """The body of an export's answer, part by part.

    Each part is made in its own app context, which ends before the part is sent. `over` says
    whether the export has ended and its slot was given back.
    """

    def __init__(
        self, app: Flask, export: Export, content: Iterator[bytes], room: slots.Slots
    ) -> None:
        self.app = app
        self.export = export
        self.content = content
        self.room = room
        self.timeouts = database.export_timeouts(app.extensions["settings"])
        self.over = False

    def __iter__(self) -> Iterator[bytes]:
        while (part := self._part()) is not None:
            yield part

    def close(self) -> None:
        """End the export: the server has sent the last part, or the reader is gone."""
        if self.over:
            return
        self.over = True
        self.room.give_back()
        with self.app.app_context(), database.default_timeouts(self.timeouts):
            self.export.end()

    def _part(self) -> bytes | None:
        with self.app.app_context(), database.default_timeouts(self.timeouts):
            return next(self.content, None)


def _headings(screen: Definition, names: Sequence[str]) -> list[Heading]:
    own = [(name, screen.label_of(name)) for name in names]
    return [*own, *((name, str(label)) for name, label in screen.export_more.items())]


def _rows(
    screen: Definition, export: Export, names: Sequence[str], way: Way
) -> Iterator[list[object]]:
    """Return the rows; what the screen adds to them is in the language of the request."""
    getters = [_getter(export.model, name, way) for name in names]
    language = str(get_locale())
    pages = ((page, _added(screen, export, page, language)) for page in export.pages())
    return (
        [*(get(page, row) for get in getters), *added]
        for page, more in pages
        for row, added in zip(page.rows, more, strict=True)
    )


def _added(
    screen: Definition, export: Export, page: Page, language: str
) -> Iterable[Sequence[object]]:
    """Return what the screen adds to each row of a page."""
    if not screen.export_more:
        return repeat((), len(page.rows))
    with force_locale(language):
        return export.read(partial(screen.exported, export.actor, page.rows))


def _getter(model: type[Record], name: str, way: Way) -> Callable[[Page, ListRow], object]:
    """Return the function from a row to what the file has in the column `name`."""
    if fields.is_many(model, name):
        return lambda page, row: [label for _, label in page.related[name].get(row.id, ())]
    write = fields.writer(model, name, way)
    return lambda _page, row: write(getattr(row, name))
