"""The questions: every page of every screen, every sort, filter, search, look-up, menu, preview and export."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.actions.engine.action import actions_of
from backoffice.data import codes, cursors, lists
from backoffice.data.filters import NONE, RANGED
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Entity, Record

if TYPE_CHECKING:
    from views.screen import Screen

Pairs = list[tuple[str, object]]
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
SEARCHES = (
    "a",
    "q",
    "an",
    "zw",
    "ann",
    "qqq",
    "anderson",
    "maria kowal",
    "zwzwzwzw",
    "anderson1234",
    "4321",
)
DAYS = {"recent": date(2026, 11, 10), "old": date(2024, 3, 3), "none": date(1999, 1, 1)}
BEYOND = 10**15  # a number that no row has, and that is too large for the smaller kinds of columns
CHOSEN = 50  # rows that a preview is asked about
FIRST_BATCH = 1  # pieces of an export; each is a thousand rows


@dataclass(frozen=True)
class Question:
    """One request; with a form it is a POST."""

    name: str
    path: str
    form: Pairs = field(default_factory=list)
    streamed: bool = False

    def ask(self, client: FlaskClient) -> int:
        """The status of the answer; of an export only the beginning is fetched."""
        base = client.application.extensions["settings"].base_url
        if self.form:
            token = TOKEN.search(client.get("/admin/users/", base_url=base).text)
            form = [*self.form, ("csrf_token", token[1] if token else "")]
            return client.post(
                self.path, data=_multi(form), base_url=base, follow_redirects=True
            ).status_code
        answer = client.get(self.path, base_url=base, buffered=not self.streamed)
        if self.streamed:
            for _ in range(FIRST_BATCH):
                next(iter(answer.response))
            answer.close()
        return answer.status_code


def _multi(pairs: Pairs) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def of(app: Flask) -> Iterator[Question]:
    """Every question; asks the database for rows to ask about."""
    yield Question("home", "/")
    for screen in app.extensions["screens"]:
        for part in (_lists, _filters, _searches, _lookups, _rows):
            yield from part(screen)


def _list(screen: "Screen", name: str, *pairs: tuple[str, object]) -> Question:
    query = f"?{urlencode(pairs)}" if pairs else ""
    return Question(f"{screen.slug}: {name}", f"/admin/{screen.slug}/{query}")


def _lists(screen: "Screen") -> Iterator[Question]:
    yield _list(screen, "first page")
    for name in (n for n in screen.column_list if lists.sortable(screen.model, n)):
        for sort in (name, f"-{name}"):
            yield _list(screen, f"sort={sort}", ("sort", sort))
            if cursor := _middle(screen.model, name):
                yield _list(
                    screen, f"sort={sort}, from the middle on", ("sort", sort), ("after", cursor)
                )
                yield _list(
                    screen, f"sort={sort}, back from the middle", ("sort", sort), ("before", cursor)
                )
    if screen.has("export"):
        path = f"/admin/{screen.slug}/export.csv"
        yield Question(f"{screen.slug}: first rows of an export", path, streamed=True)


def _middle(model: type[Record], name: str) -> str:
    """A cursor at some row half-way."""
    row_id = _some_id(model)
    row = db.session.execute(
        select(model.id, lists.sort_key(model, name).label("sort_key")).where(model.id == row_id)
    )
    found = row.first()
    return cursors.packed(found) if found else ""


def _some_id(model: type[Record]) -> int:
    highest = db.session.scalar(select(func.max(model.id))) or 0
    after = select(model.id).where(model.id >= highest // 2).order_by(model.id).limit(1)
    return db.session.scalar(after) or 0


def _filters(screen: "Screen") -> Iterator[Question]:
    for name in screen.column_filters:
        for key, value in _values(screen.model, name):
            yield _list(screen, f"{key}={value}", (key, value))


def _values(model: type[Record], name: str) -> Iterator[tuple[str, object]]:
    kind = fields.kind(model, name)
    if kind in RANGED:
        numbers = (0, "1.5", 4321, BEYOND)
        for value in numbers if kind == "number" else DAYS.values():
            yield from ((f"{name}.{end}", value) for end in ("from", "to"))
    elif kind in ("choice", "derived"):
        yield from ((name, value) for value in fields.choices(model, name))
    elif kind == "code":
        yield from (
            (name, value) for value in (*db.session.scalars(codes.every(model, name)), "zw.zw")
        )
    elif kind == "boolean":
        yield from ((name, value) for value in ("yes", "no"))
    elif kind in ("one", "many"):
        target = fields.related_model(model, name)
        first = db.session.scalar(select(func.min(target.id))) or 1
        yield from ((name, value) for value in (NONE, first, first + 5, _some_id(target), BEYOND))
    else:
        yield from ((name, value) for value in _texts(model, name))


def _texts(model: type[Record], name: str) -> Iterator[str]:
    """Pieces of what a row has there, and what no row has."""
    attribute = fields.attribute(model, name)
    row = (
        select(attribute)
        .where(model.id >= _some_id(model), attribute != "")
        .order_by(model.id)
        .limit(1)
    )
    text = str(db.session.scalar(row) or "example")
    yield from dict.fromkeys(
        (text, text[:1], text[:2], text[:3], text[:-1], text[2:-2], text[-3:], "zwzwzwzw")
    )


def _searches(screen: "Screen") -> Iterator[Question]:
    for text in SEARCHES:
        yield _list(screen, f"search={text}", ("search", text))
    yield _list(
        screen,
        "search=anderson, by time",
        ("search", "anderson"),
        ("sort", screen.column_default_sort),
    )
    if "status" in screen.column_filters:
        yield _list(screen, "search=an & status=blocked", ("search", "an"), ("status", "blocked"))


def _lookups(screen: "Screen") -> Iterator[Question]:
    for name in screen.column_filters:
        if fields.kind(screen.model, name) in ("one", "many"):
            for text in ("", "a", "zw", "anderson", "zwzwzwzw"):
                path = f"/admin/{screen.slug}/lookup/{name}?{urlencode({'search': text})}"
                yield Question(f"{screen.slug}: look-up of {name}, search={text}", path)


def _rows(screen: "Screen") -> Iterator[Question]:
    model, row_id = screen.model, _some_id(screen.model)
    if not row_id:
        return
    path = f"/admin/{screen.slug}/{row_id}"
    yield Question(f"{screen.slug}: details", path)
    for tab in screen.details_tabs:
        yield Question(f"{screen.slug}: details, {tab}", f"{path}?tab={tab}")
    if screen.has("edit"):
        yield Question(f"{screen.slug}: edit form", f"{path}/edit")
    if issubclass(model, Entity):
        yield Question(f"{screen.slug}: row menu", f"{path}/menu")
        yield from _previews(screen, row_id)


def _previews(screen: "Screen", row_id: int) -> Iterator[Question]:
    """Of actions that need nothing chosen; those that are sensitive are confirmed, for the sign-in is recent."""
    ids = db.session.scalars(
        select(screen.model.id).where(screen.model.id >= row_id).limit(CHOSEN)
    ).all()
    rows: Pairs = [("row", number) for number in ids]
    for action in actions_of(screen.model):
        if not action.parameters and action.most_rows != 1:
            path = f"/admin/{screen.slug}/actions/{action.name.replace('_', '-')}"
            yield Question(f"{screen.slug}: preview of {action.name}, {len(ids)} rows", path, rows)


Part = Callable[[Any], Iterator[Question]]
