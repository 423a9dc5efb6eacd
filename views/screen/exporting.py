"""Exports: the list as a file, sent while it is read."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Flask, Response, current_app

from backoffice import database, slots
from backoffice.data import exports
from backoffice.data.exports import Export
from backoffice.data.lists import Query
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import phones
from views.screen.definition import Definition
from views.screen.formats import formats


def respond(screen: Definition, actor: Actor, query: Query, kind: str) -> Response:
    """The whole list as a file, however long, in little memory; for who has just shown that it is them."""
    settings: Settings = current_app.extensions["settings"]
    names = list(screen.readable(actor, screen.column_export_list))
    room = slots.exports(settings.export_slots)
    room.take()
    try:
        export = exports.start(actor=actor, model=screen.model, query=query, columns=names)
    except BaseException:
        room.give_back()
        raise
    form = formats(bom=settings.csv_bom)[kind]
    content = form.write([(name, screen.label_of(name)) for name in names], _rows(export, names))
    sent = Sent(current_app._get_current_object(), export, content, room)  # noqa: SLF001  # the proxy's public way
    response = Response(sent, content_type=form.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{screen.slug}.{kind}"'
    return response


class Sent:
    """An export part by part; each is made in an app context of its own, which ends before it is sent."""

    def __init__(
        self, app: Flask, export: Export, content: Iterator[bytes], room: slots.Slots
    ) -> None:
        self.app, self.export, self.content, self.room = app, export, content, room
        self.patience = database.of_exports(app.extensions["settings"])
        self.over = False

    def __iter__(self) -> Iterator[bytes]:
        while (part := self._part()) is not None:
            yield part

    def close(self) -> None:
        """The server has sent the last part, or nobody reads on."""
        if self.over:
            return
        self.over = True
        self.room.give_back()
        with self.app.app_context(), database.waiting(self.patience):
            self.export.end()

    def _part(self) -> bytes | None:
        with self.app.app_context(), database.waiting(self.patience):
            return next(self.content, None)


def _rows(export: Export, names: Sequence[str]) -> Iterator[list[Any]]:
    kinds = {name: fields.kind(export.model, name) for name in names}
    for page in export.pages():
        for row in page.rows:
            yield [
                [label for _, label in page.related[name].get(row.id, ())]
                if kinds[name] == "many"
                else _as_people_write_it(kinds[name], getattr(row, name))
                for name in names
            ]


def _as_people_write_it(kind: str, value: Any) -> Any:
    return phones.shown(value) if kind == "phone" and value else value
