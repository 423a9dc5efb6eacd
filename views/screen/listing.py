"""The list page: a Query becomes rows of ready cells, chips, filters and links."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import BigInteger, Select, literal, null, select, union_all

from backoffice.data import codes, disclosure, filters, lists
from backoffice.data.filters import BEGINNING, NONE, RANGED, Filter
from backoffice.data.lists import Query
from backoffice.errors import BadRequest
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, scope
from backoffice.text import is_id
from views.screen import cells
from views.screen.definition import Definition
from views.screen.formats import ENDINGS
from views.web.reader import zone

NEAR = 3  # columns from the edge
OPTIONS_TICKED = 20  # as many related rows can be ticked without a look-up
Choices = dict[str, list[tuple[str, str]]]


@dataclass
class ListPage:
    """Everything admin/list.html shows; nothing is computed there."""

    title: str
    screen: str
    columns: list[dict[str, Any]]
    rows: list[Markup] = field(default_factory=list)
    stays: int = 1
    problems: list[str] = field(default_factory=list)
    search: str = ""
    count: int = 0
    count_label: str = ""
    filters: list[dict[str, Any]] = field(default_factory=list)
    chips: list[dict[str, str]] = field(default_factory=list)
    clear_href: str = ""
    previous_href: str | None = None
    next_href: str | None = None
    first_href: str | None = None
    sizes: list[tuple[int, bool]] = field(default_factory=list)
    column_choices: list[tuple[str, str, bool]] = field(default_factory=list)
    preferences_href: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    may_all_matching: bool = False
    exports: list[tuple[str, str]] = field(default_factory=list)
    create_href: str | None = None
    create_label: str = ""


def build(screen: Definition, actor: Actor) -> tuple[ListPage, int]:
    """The page that the request asks for, and its status: 400 with a message where the query makes no sense."""
    chosen = screen.chosen_columns(actor)
    try:
        query = screen.query(actor, request.args.items(multi=True))
        found = lists.page(
            actor, screen.model, query, (*chosen, *screen.column_extra_list), counted=True
        )
        if not found.rows and (query.after or query.before):  # those that stood there match no more
            query = replace(query, after="", before="")
            found = lists.page(
                actor, screen.model, query, (*chosen, *screen.column_extra_list), counted=True
            )
    except BadRequest as error:
        return _refused(screen, actor, chosen, error), 400
    page = _frame(screen, actor, chosen, query)
    page.count, page.count_label = found.count or 0, _count_label(screen, found.count or 0)
    found = replace(found, rows=disclosure.told(actor, screen.model, found.rows))
    page.rows = _rows(screen, chosen, found, page)
    page.previous_href = _href(query, before=found.previous) if found.previous else None
    page.next_href = _href(query, after=found.next) if found.next else None
    page.first_href = _href(query) if found.previous else None
    return page, 200


def _frame(screen: Definition, actor: Actor, chosen: Sequence[str], query: Query) -> ListPage:
    """The page without its rows."""
    choices = related_choices(screen, actor, query)
    columns = _columns(screen, actor, chosen, query)
    page = ListPage(title=screen.name or "", screen=screen.slug, columns=columns)
    page.search, page.address = query.search, request.query_string.decode()
    page.filters = [
        _filter(screen, name, query, choices)
        for name in screen.readable(actor, screen.column_filters)
    ]
    page.chips = _chips(screen, query, choices)
    page.clear_href = screen.url_of("index")
    page.sizes = [(size, size == query.size) for size in lists.SIZES]
    columns_there = screen.readable(actor, screen.column_list)
    page.column_choices = [(name, screen.label_of(name), name in chosen) for name in columns_there]
    page.preferences_href = screen.url_of("preferences")
    page.actions = [
        {"name": a.name, "label": a.label, "url": screen.action_url(a), "danger": a.danger}
        for a in screen.actions(actor)
        if a.most_rows != 1
    ]
    if not can(actor, "bulk.run"):
        page.actions = []
    page.stays = _staying(screen, chosen) + bool(page.actions)
    page.may_all_matching = can(actor, "bulk.run_all_matching")
    if screen.may(actor, "export"):
        page.exports = [
            (kind.upper(), screen.url_of("export", kind=kind) + _href(query)) for kind in ENDINGS
        ]
    if screen.may(actor, "create"):
        page.create_href, page.create_label = (
            screen.url_of("new"),
            f"Add {screen.model.__singular__}",
        )
    return page


def _refused(
    screen: Definition, actor: Actor, chosen: Sequence[str], error: BadRequest
) -> ListPage:
    """The page with a message in place of rows; what was typed stays, and can be taken off."""
    typed = filters.as_typed(
        request.args.items(multi=True), screen.readable(actor, screen.column_filters)
    )
    page = _frame(screen, actor, chosen, Query(sort=screen.column_default_sort, filters=typed))
    page.search = request.args.get("search", "")[:1000]
    page.problems, page.actions, page.exports = [error.message], [], []
    return page


def _rows(
    screen: Definition, chosen: Sequence[str], found: lists.Page, page: ListPage
) -> list[Markup]:
    if not found.rows:
        return []
    base, model = screen.url_of("index"), screen.model
    screen.prepare(found.rows)
    getters = [_getter(screen, name, found, base) for name in chosen]
    label = model.__label__ if model.__label__ in found.rows[0]._fields else "id"
    menu, ticks = escape(_("Actions for")), bool(page.actions)
    return [
        cells.row(
            f"{base}{row.id}",
            row.id,
            getattr(row, label),
            [get(row) for get in getters],
            menu=menu,
            ticks=ticks,
        )
        for row in found.rows
    ]


def _getter(screen: Definition, name: str, found: lists.Page, base: str) -> Any:
    """The function from a row to the cell of column `name`."""
    if name in screen.column_formatters:
        own = screen.column_formatters[name]
        around = cells.CellContext(base, found.related)
        return lambda row: own(row, around)
    kind, make = fields.kind(screen.model, name), cells.maker(screen.model, name, base)
    place = found.rows[0]._fields.index(name) if kind != "many" else 0
    if kind == "many":
        by_row = found.related[name]
        return lambda row: make(by_row.get(row.id, ()))
    if kind == "one":
        return _related_getter(screen, name, place)
    if name in (screen.model.__label__, "id"):
        return lambda row: make((row.id, row[place]))
    if name in screen.column_value_labels:
        return lambda row: cells.text(screen.said(name, row[place]))
    return lambda row: make(row[place])


def _related_getter(screen: Definition, name: str, place: int) -> Any:
    """A related row is a link to its details, where there is a screen for it."""
    base = screen.base_of(fields.related_model(screen.model, name))

    def get(row: Any) -> Markup:
        if row[place] is None:
            return cells.NOTHING
        return cells.link(base, row[place + 1], row[place]) if base else cells.text(row[place])

    return get


def _staying(screen: Definition, chosen: Sequence[str]) -> int:
    """Which column stays in sight while the others scroll: the name if it stands near, else the first."""
    label = screen.model.__label__
    return chosen.index(label) + 1 if label in chosen[:NEAR] else 1


def _columns(
    screen: Definition, actor: Actor, chosen: Sequence[str], query: Query
) -> list[dict[str, Any]]:
    found = []
    for name in chosen:
        current = name == query.sort_name
        order = ("descending" if query.descending else "ascending") if current else None
        other = name if current and query.descending else f"-{name}" if current else name
        href = _href(replace(query, sort=other)) if screen.sorts(actor, name) else None
        kind = "person" if name == screen.model.__label__ else fields.kind(screen.model, name)
        found.append(
            {
                "name": name,
                "label": screen.label_of(name),
                "sort_href": href,
                "aria_sort": order,
                "kind": kind,
            }
        )
    return found


def related_choices(screen: Definition, actor: Actor, query: Query) -> Choices:
    """For each filter by a related row the chosen ones and the first others, for each by a code every one there is.

    All in one statement.
    """
    parts: list[Select[Any]] = []
    readable = screen.readable(actor, screen.column_filters)
    for name in (n for n in readable if fields.kind(screen.model, n) == "code"):
        code = codes.every(screen.model, name).subquery().c.code
        parts.append(select(literal(name), null().cast(BigInteger), code))
    for name in (n for n in readable if fields.kind(screen.model, n) in ("one", "many")):
        target = fields.related_model(screen.model, name)
        chosen = [int(v) for f in query.filters if f.name == name for v in f.values if is_id(v)]
        offered = _choices(target, name).where(scope(actor, target))
        if chosen:
            parts.append(offered.where(target.id.in_(chosen)))
        parts.append(select(offered.order_by(target.id).limit(OPTIONS_TICKED + 1).subquery()))
    found: dict[str, dict[str, str]] = {}
    for name, row_id, label in db.session.execute(union_all(*parts)) if parts else ():
        found.setdefault(name, {}).setdefault(str(row_id or label), label)
    return {name: list(labels.items()) for name, labels in found.items()}


@cache
def _choices(target: type[Record], name: str) -> Select[Any]:
    return select(literal(name).label("name"), target.id, target.label_column().label("label"))


def _filter(screen: Definition, name: str, query: Query, choices: Choices) -> dict[str, Any]:
    kind, key = fields.kind(screen.model, name), filters.key_of(name)
    given = {f.key: f.values for f in query.filters}
    chosen = given.get(key, ())
    found = {
        "name": name,
        "key": key,
        "label": screen.label_of(name),
        "lookup_url": None,
        "choices": [],
        "kind": kind,
    }
    if kind in RANGED:
        ends = {end: given.get(f"{name}.{end}", ("",))[0] for end in ("from", "to")}
        ranged = "number" if kind == "number" else "date"
        days_of = str(zone()) if kind == "time" else ""
        return found | {
            "kind": ranged,
            "days_of": days_of,
            "value_from": ends["from"],
            "value_to": ends["to"],
        }
    if kind in ("choice", "derived"):
        words = [(v, screen.said(name, v), v in chosen) for v in fields.choices(screen.model, name)]
        return found | {"kind": "choice", "choices": words}
    if kind == "code":
        words = [(v, screen.said(name, v), v in chosen) for v, _label in choices.get(name, ())]
        return found | {"kind": "choice", "choices": words}
    if kind == "boolean":
        return found | {"choices": [(v, fields.heading(v), v in chosen) for v in ("yes", "no")]}
    if kind in ("one", "many"):
        rows = choices.get(name, [])
        offered = [
            (NONE, "None", NONE in chosen),
            *((v, label, v in chosen) for v, label in rows[:OPTIONS_TICKED]),
        ]
        url = screen.url_of("lookup", field=name) if len(rows) > OPTIONS_TICKED else None
        return found | {"kind": "relation", "choices": offered, "lookup_url": url}
    return found | {"value": chosen[0] if chosen else ""}


def _chips(screen: Definition, query: Query, choices: Choices) -> list[dict[str, str]]:
    found = []
    if query.search:
        found.append(
            {"label": f"“{query.search}”", "remove_href": _href(replace(query, search=""))}
        )
    for filter_ in query.filters:
        names = dict(choices.get(filter_.name, ())) | {NONE: "none"}
        for value in filter_.values:
            related = fields.kind(screen.model, filter_.name) in ("one", "many") and names.get(
                value
            )
            said = related or (screen.said(filter_.name, value) if not filter_.operator else value)
            label = " ".join(
                part for part in (screen.label_of(filter_.name), filter_.operator) if part
            )
            label = _looks_back(screen, filter_) or f"{label}: {said}"
            found.append(
                {"label": label, "remove_href": _href(_without(screen, query, filter_, value))}
            )
    return found


def _looks_back(screen: Definition, filter_: Filter) -> str:
    """How far a log looks back is a filter that is on unless somebody takes it off."""
    if (filter_.name, filter_.operator) != (screen.model.__timeline__, "from"):
        return ""
    label, first = screen.label_of(filter_.name), filter_.values[0]
    if filter_ == filters.recent(screen.model, filter_.zone):
        return _(
            "%(label)s: the last %(days)s days", label=label, days=screen.model.__recent_days__
        )
    return _("%(label)s: since the beginning", label=label) if first == BEGINNING else ""


def _without(screen: Definition, query: Query, filter_: Filter, value: str) -> Query:
    left = tuple(v for v in filter_.values if v != value)
    if filter_ == filters.recent(screen.model, filter_.zone):
        left = (BEGINNING,)
    kept = (replace(f, values=left) if f is filter_ else f for f in query.filters)
    return replace(query, filters=tuple(f for f in kept if f.values))


def _href(query: Query, **place: str | None) -> str:
    place["size"] = request.args.get(
        "size"
    )  # asked for in the address, whatever the person prefers
    pairs = [*query.pairs(), ("sort", query.sort), *((k, v) for k, v in place.items() if v)]
    return "?" + urlencode(pairs)


def _count_label(screen: Definition, count: int) -> str:
    noun = screen.model.__singular__ if count == 1 else screen.model.__plural__
    return f"{lists.said(count)} {noun}"
