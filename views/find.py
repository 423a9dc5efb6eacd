"""Find anything: search in every list that a person sees, and name every page and action."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError

from backoffice import limits, slots, throttles
from backoffice.data import comparable, disclosure, lists, searching
from backoffice.data.brief import Budget
from backoffice.database import writable
from backoffice.errors import BadRequest
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.text import capital
from backoffice.transactions import begin
from views.screen import cells
from views.screen.definition import Definition
from views.screen.listing import Getter, getter
from views.web import menu
from views.web.actor import signed_in
from views.web.answers import Answer

NOTHING = cells.NOTHING.striptags()
DETAILS = 2  # further values beside the name of a row that is found


@dataclass(frozen=True)
class Item:
    """A page to open; with `posts`, an action whose preview is planned by a form."""

    label: str
    href: str
    icon: str = ""
    detail: str = ""
    posts: bool = False


@dataclass(frozen=True)
class Group:
    """Items under a title."""

    title: str
    items: Sequence[Item]


@dataclass(frozen=True)
class FoundPage:
    """What was found, or without a search every page and action.

    Attributes:
        text: what was searched for.
        groups: what was found, by list.
        searched: the lists that were searched.
        left_out: the lists that took too long, each with the link that searches it alone.
        problem: why the search makes no sense, or ''.
    """

    text: str
    groups: Sequence[Group]
    searched: Sequence[str] = ()
    left_out: Sequence[Item] = ()
    problem: str = ""


def register(app: Flask) -> None:
    """Add the search at `/find`."""
    app.add_url_rule("/find", "find", find)


def find() -> Answer:
    """Search for `q` in every list, as a page of its own or as the part that a script asks for."""
    who = signed_in()
    page, status = _answer(who, request.args.get("q", ""))
    is_part = request.headers.get("X-Requested-With") == "fetch"
    template = "_found.html" if is_part else "find.html"
    return render_template(template, page=page), status


def _answer(who: Actor, typed: str) -> tuple[FoundPage, int]:
    try:
        text = searching.parse(typed)
    except BadRequest as error:
        problem = FoundPage(typed[: limits.SEARCH], (), problem=error.message)
        return problem, HTTPStatus.BAD_REQUEST
    if not text:
        return FoundPage("", list(_commands(who))), HTTPStatus.OK
    _count(who)
    with slots.brief().taken():
        return _found(who, text), HTTPStatus.OK


def _count(who: Actor) -> None:
    """Count one more search of whoever really asks. Raises TooMany."""
    with writable():
        begin(writing=True)
        quotas.consume(actor=who, throttle=throttles.FINDS)
        db.session.commit()


# Rows


def _found(who: Actor, text: str) -> FoundPage:
    """Search in one list after the other, for as long as there is time."""
    budget = Budget(limits.FIND, limits.FIND_IN_LIST)
    groups, searched, left_out = [], [], []
    for screen in _searched(who):
        group = _asked(budget, partial(_in_list, who, screen, text))
        if group is None:
            left_out.append(Item(str(screen.name), screen.url_of("index", search=text)))
            continue
        searched.append(str(screen.name))
        if group.items:
            groups.append(group)
    return FoundPage(text, groups, searched, left_out)


def _asked(budget: Budget, question: Callable[[], Group]) -> Group | None:
    """Return what was found; None if that takes too long, or the table is gone or away."""
    try:
        return budget.ask(question)
    except DBAPIError:
        return None


def _searched(who: Actor) -> Iterator[Definition]:
    """Yield the screens that a person sees and whose rows a search can find."""
    for screen in current_app.extensions["screens"]:
        if screen.may(who, "view") and comparable.is_searched(who, screen.model):
            yield screen


def _in_list(who: Actor, screen: Definition, text: str) -> Group:
    """Return the first rows that the list finds, as far as the person may see them."""
    query = replace(screen.query(who, [("search", text)]), size=limits.FOUND)
    columns = (_label(screen.model), *_title(who, screen), *_details(who, screen))
    names = tuple(dict.fromkeys((*columns, *screen.column_extra_list)))
    found = lists.page(who, screen.model, query, names, counted=True)
    rows = disclosure.redacted(who, screen.model, found.rows)
    items = _items(who, screen, replace(found, rows=rows))
    number = found.count or 0
    if number > len(items):
        items.append(_all_of(who, screen, text, number))
    return Group(str(screen.name), items)


def _all_of(who: Actor, screen: Definition, text: str, number: int) -> Item:
    """Return the link to the list with everything that was found."""
    counted = lists.count_text(who, screen.model, number)
    label = _("Show all %(number)s in %(list)s", number=counted, list=screen.name)
    return Item(label, screen.url_of("index", search=text), "search")


def _label(model: type[Record]) -> str:
    """Return the column that names a row; a row without a name has its number."""
    return model.__label__ if hasattr(model, model.__label__) else "id"


def _title(who: Actor, screen: Definition) -> tuple[str, ...]:
    """Return the columns that say what a row is, where the screen names them."""
    return screen.readable(who, screen.column_title_list)


def _details(who: Actor, screen: Definition) -> tuple[str, ...]:
    """Return the columns beside the name: else those that are searched and that people see."""
    if screen.column_found_list:
        return screen.readable(who, screen.column_found_list)
    shown = {*screen.column_list, *screen.column_details_list} - {screen.model.__label__}
    return screen.readable(who, [name for name in screen.model.__search__ if name in shown])


def _items(who: Actor, screen: Definition, found: lists.Page) -> list[Item]:
    """Return the rows as links that say what the cells of the list say."""
    if not found.rows:
        return []
    screen.prepare(found.rows)
    base = screen.url_of("index")
    title = [getter(screen, name, found, base) for name in _title(who, screen)]
    details = [getter(screen, name, found, base) for name in _details(who, screen)]
    most = len(screen.column_found_list) or DETAILS
    return [
        _item(screen, row, _texts(row, title), _texts(row, details), most) for row in found.rows
    ]


def _item(
    screen: Definition, row: Any, title: Sequence[str], details: Sequence[str], most: int
) -> Item:
    label = " ".join(title) or _name(screen.model, row)
    # Such as the parts of a person's name, which say nothing new.
    new = [detail for detail in details if detail not in label][:most]
    return Item(label, screen.url_of("details", row_id=row.id), detail=" · ".join(new))


def _name(model: type[Record], row: Any) -> str:
    """Return the name of a row, or its number where rows have no name."""
    label = _label(model)
    if label == "id":
        return f"{capital(model.noun())} {row_keys.shown(row.id)}"
    return str(getattr(row, label) or row_keys.shown(row.id))


def _texts(row: Any, getters: Sequence[Getter]) -> list[str]:
    """Return the words of those cells of a row that hold something."""
    words = [get(row).striptags() for get in getters]
    return [each for each in words if each not in ("", NOTHING)]


# Pages and actions


def _commands(who: Actor) -> Iterator[Group]:
    """Yield every page that the person may open, and every action that needs no row."""
    for area in menu.areas():
        yield Group(area.name, _pages(area.entries))
    if actions := list(_actions(who)):
        yield Group(_("Actions"), actions)
    home = menu.Entry(_("Home"), url_for("home"), "brand")
    yield Group(_("Your account"), _pages([home, *menu.account_pages(who)]))


def _pages(entries: Sequence[menu.Entry]) -> list[Item]:
    return [Item(entry.label, entry.url, entry.icon) for entry in entries]


def _actions(who: Actor) -> Iterator[Item]:
    """Yield what adds a row, and what is done without one."""
    for screen in current_app.extensions["screens"]:
        if not screen.may(who, "view"):
            continue
        if screen.may(who, "create"):
            label = _("Add %(noun)s", noun=screen.model.noun())
            yield Item(label, screen.url_of("new"), "plus-lg")
        for action in screen.global_actions(who):
            label = f"{screen.name}: {action.label}"
            yield Item(label, screen.action_url(action), screen.menu_icon_value, posts=True)
