"""Exports: the list as CSV or JSON, streamed page by page, logged with the number of rows."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Response, stream_with_context

from backoffice.extensions import begin, db
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.confirmation import require_recent
from backoffice.services import disclosure, events, lists
from backoffice.services.lists import Query

if TYPE_CHECKING:
    from views.screen.screen import Screen

ROWS_AT_ONCE = 1000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def respond(screen: "Screen", actor: Actor, query: Query, kind: str) -> Response:
    """The whole list as a file, however long, in little memory; for who has just shown that it is them."""
    require_recent(actor)
    names = list(screen.readable(actor, screen.exported))
    rows = _counted(screen, actor, _rows(screen, actor, query, names))
    text = _csv([screen.label_of(name) for name in names], rows) if kind == "csv" else _json(names, rows)
    response = Response(stream_with_context(text), content_type=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{screen.slug}.{kind}"'
    return response


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP CSV Injection). Numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _rows(screen: "Screen", actor: Actor, query: Query, names: Sequence[str]) -> Iterator[list[Any]]:
    many = {name for name in names if fields.kind(screen.model, name) == "many"}
    begin(writing=False)
    for page in lists.every_page(actor, screen.model, query, names, ROWS_AT_ONCE):
        for row in disclosure.told(actor, screen.model, page.rows):
            others = {name: [label for _, label in page.related[name].get(row.id, ())] for name in many}
            yield [others[name] if name in many else _plain(getattr(row, name)) for name in names]


def _counted(screen: "Screen", actor: Actor, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Log how much left the house, also when the download was broken off."""
    number, whole = 0, False
    try:
        for number, row in enumerate(rows, 1):  # noqa: B007  # the last number is what is logged
            yield row
        whole = True
    finally:
        begin(writing=True)
        events.record(
            actor=actor,
            action=f"{screen.endpoint}.export",
            subject=(screen.endpoint, None),
            result="done" if whole else "failed",
            after={"rows": number},
        )
        db.session.commit()


def _csv(headings: list[str], rows: Iterator[list[Any]]) -> Iterator[str]:
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


def _json(names: Sequence[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        text = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str)
        yield f"{',' if number else ''}\n{text}"
    yield "\n]\n"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
