"""Exports: the list as CSV or JSON, sent while it is read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app

from backoffice import database, limits, slots
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.services import exports
from backoffice.services.exports import Export
from backoffice.services.lists import Query

if TYPE_CHECKING:
    from views.screen.screen import Screen

ROWS_AT_ONCE = limits.EXPORT_ROWS
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def respond(screen: "Screen", actor: Actor, query: Query, kind: str) -> Response:
    """The whole list as a file, however long, in little memory; for who has just shown that it is them."""
    names = list(screen.exported)
    room = slots.exports(current_app.extensions["settings"].export_slots)
    room.take()
    try:
        export = exports.start(actor=actor, model=screen.model, query=query, columns=names)
    except BaseException:
        room.give_back()
        raise
    rows = _rows(export, names)
    text = _csv([screen.label_of(name) for name in names], rows) if kind == "csv" else _json(names, rows)
    sent = Sent(current_app._get_current_object(), export, text, room)  # noqa: SLF001  # the proxy's public way
    response = Response(sent, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{screen.slug}.{kind}"'
    return response


class Sent:
    """The text of an export, part by part; each is made in an app context of its own, which ends before it is sent."""

    def __init__(self, app: Flask, export: Export, text: Iterator[str], room: slots.Slots) -> None:
        self.app, self.export, self.text, self.room = app, export, text, room
        self.patience = database.of_exports(app.extensions["settings"])
        self.over = False

    def __iter__(self) -> Iterator[bytes]:
        while (part := self._part()) is not None:
            yield part.encode()

    def close(self) -> None:
        """The server has sent the last part, or nobody reads on."""
        if self.over:
            return
        self.over = True
        self.room.give_back()
        with self.app.app_context(), database.waiting(self.patience):
            self.export.end()

    def _part(self) -> str | None:
        with self.app.app_context(), database.waiting(self.patience):
            return next(self.text, None)


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP CSV Injection). Numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _rows(export: Export, names: Sequence[str]) -> Iterator[list[Any]]:
    many = {name for name in names if fields.kind(export.model, name) == "many"}
    for page in export.pages():
        for row in page.rows:
            others = {name: [label for _, label in page.related[name].get(row.id, ())] for name in many}
            yield [others[name] if name in many else _plain(getattr(row, name)) for name in names]


def _csv(headings: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(headings)
    for number, row in enumerate(rows):
        writer.writerow([safe(", ".join(map(str, value)) if isinstance(value, list) else value) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _json(names: Sequence[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    parts = ["["]
    for number, row in enumerate(rows):
        text = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str)
        parts.append(f"{',' if number else ''}\n{text}")
        if number % ROWS_AT_ONCE == 0:
            yield "".join(parts)
            parts.clear()
    yield "".join([*parts, "\n]\n"])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
