"""The questions that pages can ask of the database.

They are every page of every screen with every sort, filter, search, look-up, menu, preview and
export.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.actions.engine.action import actions_of
from backoffice.data import codes, cursors, sorting
from backoffice.data.filters import NONE, RANGED
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Entity, Record
from backoffice.models.event import Event

if TYPE_CHECKING:
    from views.screen import Screen

Pairs = list[tuple[str, object]]
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
SEARCHES = (
    "a", "q", "an", "zw", "ann", "qqq", "anderson", "maria kowal", "zwzwzwzw", "anderson1234",
    "4321",
)  # fmt: skip
DAYS = {"recent": date(2026, 11, 10), "old": date(2024, 3, 3), "none": date(1999, 1, 1)}
BEYOND = 10**15  # a number that no row has, too large for the smaller kinds of columns
CHOSEN = 50  # rows that a preview is asked about
FIRST_BATCH = 1  # pieces of an export; each is a thousand rows


@dataclass(frozen=True)
class Question:
    """One request, which is a POST if it has a form.

    Only the beginning of a `streamed` answer is read.
    """

    name: str
    path: str
    form: Pairs = field(default_factory=list)
    streamed: bool = False

    def ask(self, client: FlaskClient) -> int:
        """Send the request, and return the status of the answer."""
        base = client.application.extensions["settings"].base_url
        if self.form:
            return self._post(client, base)
        answer = client.get(self.path, base_url=base, buffered=not self.streamed)
        if self.streamed:
            for _ in range(FIRST_BATCH):
                next(iter(answer.response))
            answer.close()
        return answer.status_code

    def _post(self, client: FlaskClient, base: str) -> int:
        token = TOKEN.search(client.get("/admin/users/", base_url=base).text)
        form = _multi([*self.form, ("csrf_token", token[1] if token else "")])
        answer = client.post(self.path, data=form, base_url=base, follow_redirects=True)
        return answer.status_code


def _multi(pairs: Pairs) -> dict[str, list[object]]:
    """Return the pairs as a dictionary of lists, which the test client takes for a form."""
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def of(app: Flask) -> Iterator[Question]:
    """Yield every question, with rows from the database to ask about."""
    yield Question("home", "/")
    for screen in app.extensions["screens"]:
        for part in (_lists, _filters, _searches, _lookups, _rows):
            yield from part(screen)


def _list(screen: "Screen", name: str, *pairs: tuple[str, object]) -> Question:
    query = f"?{urlencode(pairs)}" if pairs else ""
    return Question(f"{screen.slug}: {name}", f"/admin/{screen.slug}/{query}")


def _lists(screen: "Screen") -> Iterator[Question]:
    """Yield the list's pages by every sort, and its export."""
    yield _list(screen, "first page")
    for name in screen.column_list:
        if sorting.sortable(screen.model, name):
            yield from _sorted(screen, name)
    if screen.has("export"):
        path = f"/admin/{screen.slug}/export.csv"
        yield Question(f"{screen.slug}: first rows of an export", path, streamed=True)


def _sorted(screen: "Screen", name: str) -> Iterator[Question]:
    for sort in (name, f"-{name}"):
        by = ("sort", sort)
        yield _list(screen, f"sort={sort}", by)
        if cursor := _middle(screen.model, name):
            yield _list(screen, f"sort={sort}, from the middle on", by, ("after", cursor))
            yield _list(screen, f"sort={sort}, back from the middle", by, ("before", cursor))


def _middle(model: type[Record], name: str) -> str:
    """Return a cursor at some row half-way, or nothing if there are no rows."""
    sort_key = sorting.sort_key(model, name).label("sort_key")
    query = select(model.id, sort_key).where(model.id == _some_id(model))
    row = db.session.execute(query).first()
    return cursors.packed(row) if row else ""


def _some_id(model: type[Record]) -> int:
    """Return the id of a row about half-way, or 0 if there are no rows."""
    highest = db.session.scalar(select(func.max(model.id))) or 0
    after = select(model.id).where(model.id >= highest // 2).order_by(model.id).limit(1)
    return db.session.scalar(after) or 0


def _filters(screen: "Screen") -> Iterator[Question]:
    for name in screen.column_filters:
        for key, value in _values(screen.model, name):
            yield _list(screen, f"{key}={value}", (key, value))


def _values(model: type[Record], name: str) -> Iterator[tuple[str, object]]:
    """Yield the parameters to ask for: frequent values, rare ones, and one that no row has."""
    shape = fields.shape(model, name)
    if shape in RANGED:
        for value in _ends(shape):
            yield f"{name}.from", value
            yield f"{name}.to", value
    else:
        for value in _single_values(model, name, shape):
            yield name, value


def _ends(shape: str) -> Iterable[object]:
    if shape == "range":
        return (0, "1.5", 4321, BEYOND)
    return DAYS.values()


def _single_values(model: type[Record], name: str, shape: str) -> Iterable[object]:
    if shape in ("choice", "derived"):
        return fields.choices(model, name)
    if shape == "members":
        return fields.choices(model, name)[:5]
    if shape == "code":
        return (*db.session.scalars(codes.every(model, name)), "zw.zw")
    if shape in ("yes", "filled"):
        return ("yes", "no")
    if shape == "rows":
        target = fields.related_model(model, name)
        first = db.session.scalar(select(func.min(target.id))) or 1
        return (NONE, first, first + 5, _some_id(target), BEYOND)
    return _texts(model, name)


def _texts(model: type[Record], name: str) -> Iterable[str]:
    """Return pieces of the text that some row has there, and one that no row has."""
    attribute = fields.attribute(model, name)
    filled = select(attribute).where(model.id >= _some_id(model), attribute != "")
    row = filled.order_by(model.id).limit(1)
    text = str(db.session.scalar(row) or "example")
    beginnings = (text[:1], text[:2], text[:3], text[:-1])
    return dict.fromkeys((text, *beginnings, text[2:-2], text[-3:], "zwzwzwzw"))


def _searches(screen: "Screen") -> Iterator[Question]:
    for text in SEARCHES:
        yield _list(screen, f"search={text}", ("search", text))
    by = ("sort", screen.column_default_sort)
    yield _list(screen, "search=anderson, by time", ("search", "anderson"), by)
    if "status" in screen.column_filters:
        yield _list(screen, "search=an & status=blocked", ("search", "an"), ("status", "blocked"))


def _lookups(screen: "Screen") -> Iterator[Question]:
    for name in screen.column_filters:
        if fields.shape(screen.model, name) == "rows":
            for text in ("", "a", "zw", "anderson", "zwzwzwzw"):
                path = f"/admin/{screen.slug}/lookup/{name}?{urlencode({'search': text})}"
                yield Question(f"{screen.slug}: look-up of {name}, search={text}", path)


def _rows(screen: "Screen") -> Iterator[Question]:
    """Yield what pages ask about one row: its details, form, menu and previews."""
    model = screen.model
    row_id = _some_id(model)
    if not row_id:
        return
    path = f"/admin/{screen.slug}/{row_id}"
    yield Question(f"{screen.slug}: details", path)
    for tab in _tabs(screen):
        yield Question(f"{screen.slug}: details, {tab}", f"{path}?tab={tab}")
    if screen.has("edit"):
        yield Question(f"{screen.slug}: edit form", f"{path}/edit")
    if issubclass(model, Entity):
        yield Question(f"{screen.slug}: row menu", f"{path}/menu")
        yield from _previews(screen, row_id)


def _tabs(screen: "Screen") -> Iterator[str]:
    """Yield the names of the tabs of a row's page, but for the first one."""
    yield from screen.details_tabs
    yield from (rows.name for rows in screen.tabs)
    if screen.model is not Event:
        yield "events"
    yield "access"


def _previews(screen: "Screen", row_id: int) -> Iterator[Question]:
    """Yield the previews of actions that have no parameters.

    Sensitive actions ask for no confirmation, because the sign-in is recent.
    """
    chosen = select(screen.model.id).where(screen.model.id >= row_id).limit(CHOSEN)
    ids = db.session.scalars(chosen).all()
    rows: Pairs = [("row", number) for number in ids]
    for action in actions_of(screen.model):
        if not action.parameters and action.most_rows != 1:
            path = f"/admin/{screen.slug}/actions/{action.name.replace('_', '-')}"
            yield Question(f"{screen.slug}: preview of {action.name}, {len(ids)} rows", path, rows)
