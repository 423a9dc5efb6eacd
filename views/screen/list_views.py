"""The views of a list: those that its screen declares, and those that people have saved.

A view is the address of a list. What of it the reader may not ask for is left out, and said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from flask import flash, request
from flask_babel import gettext as _

from backoffice.data import comparable, filters, page_sizes, saved_views
from backoffice.data.lists import Query
from backoffice.errors import BadRequest, NotFound
from backoffice.models.saved_view import SavedView
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.text import is_id
from views.screen.definition import Definition
from views.screen.pages_of_views import EVERYTHING, ViewBar, ViewTab

Pair = tuple[str, str]  # of a query string
STATELESS = {"view", "size"}  # what an address may have that asks for no rows


@dataclass(frozen=True)
class View:
    """A view of a list; `mark` names it in addresses, and `saved` is its row if it has one."""

    mark: str
    label: str
    address: str
    saved: SavedView | None = None


@dataclass(frozen=True)
class Readable:
    """What of a view the reader may ask for; `left_out` are the keys of the rest."""

    query: Query
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def of_list(screen: Definition, actor: Actor) -> list[View]:
    """Return the views that the actor sees, in the order of the tabs."""
    declared = [
        View(mark, str(label), address) for mark, (label, address) in screen.declared_views.items()
    ]
    return [*declared, *map(_of_row, saved_views.visible(actor, screen.endpoint))]


def _of_row(saved: SavedView) -> View:
    return View(str(saved.id), saved.name, saved.address, saved)


def find(screen: Definition, actor: Actor, mark: str, known: Sequence[View] = ()) -> View | None:
    """Return the view that an address names, or None if the actor sees none of that name.

    What is among the `known` ones is not read again.
    """
    for view in known:
        if view.mark == mark:
            return view
    if mark in screen.declared_views:
        label, address = screen.declared_views[mark]
        return View(mark, str(label), address)
    if not is_id(mark):
        return None
    try:
        saved = saved_views.get(actor=actor, screen=screen.endpoint, view_id=int(mark))
    except NotFound:
        return None
    return _of_row(saved)


def address_to_open(screen: Definition, actor: Actor) -> str | None:
    """Return the full address of the view that is asked for by its mark alone, or by nothing.

    An address says everything that it shows, so that whatever is done next is done to the rows that
    are seen. Return None if this address does so already. Raises NotFound for a view that the actor
    does not see.
    """
    if set(request.args) - STATELESS:
        return None
    asked = request.args.get("view")
    mark = asked or screen.default_view(actor)
    view = find(screen, actor, mark)
    if view is None:
        if asked and asked != EVERYTHING:
            raise NotFound(_("There is no such view, or it is not yours to see."))
        return None
    shown = readable(screen, actor, view.address)
    pairs = [*_pairs(screen, shown.query, shown.columns), ("view", view.mark), *_size_asked()]
    return f"{screen.url_of('index')}?{urlencode(pairs)}"


def _size_asked() -> list[tuple[str, str]]:
    """Return the page size that the address asks for; say so if no page has it."""
    size = request.args.get("size")
    if not size:
        return []
    try:
        return [("size", str(page_sizes.parse(size)))]
    except BadRequest as error:
        flash(error.message, "warning")
        return []


def readable(screen: Definition, actor: Actor, address: str) -> Readable:
    """Return what of an address the actor may ask for now."""
    pairs = parse_qsl(address)
    # What others search for may be what is masked.
    words = {"search"} if comparable.is_partly_searched(actor, screen.model) else set()
    rows = [pair for pair in pairs if pair[0] not in {"columns", *words}]
    is_whole = _is_understood(screen, actor, rows)
    kept, left_out = (rows, []) if is_whole else _parts(screen, actor, rows)
    left_out += words & dict(pairs).keys()
    asked = set(columns_in(pairs))
    columns = screen.readable(actor, [name for name in screen.column_list if name in asked])
    if len(columns) < len(asked):
        left_out.append("columns")
    return Readable(screen.query(actor, kept), columns, tuple(left_out))


def _parts(screen: Definition, actor: Actor, pairs: list[Pair]) -> tuple[list[Pair], list[str]]:
    """Return what of an address is understood together, and the keys of the rest."""
    kept: list[Pair] = []
    left_out: list[str] = []
    for key in dict.fromkeys(key for key, _value in pairs):
        of_key = [pair for pair in pairs if pair[0] == key]
        if _is_understood(screen, actor, [*kept, *of_key]):
            kept += of_key
        else:
            left_out.append(key)
    return kept, left_out


def columns_in(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return the columns that the query of a list asks for."""
    names = dict(pairs).get("columns", "").split(",")
    return [name for name in names if name]


def _is_understood(screen: Definition, actor: Actor, pairs: Iterable[Pair]) -> bool:
    try:
        screen.query(actor, pairs)
    except BadRequest:
        return False
    return True


def address_of(screen: Definition, query: Query, columns: Sequence[str]) -> str:
    """Return the address of a list in one form, so that two can be compared."""
    return urlencode(_pairs(screen, query, columns))


def _pairs(screen: Definition, query: Query, columns: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [("search", query.search)] if query.search else []
    for each in sorted(query.filters, key=lambda each: each.key):
        # A log looks back some days anyway, counted from the day on which it is looked at.
        if each != filters.recent(screen.model, each.zone):
            pairs += [(each.key, value) for value in sorted(each.values)]
    pairs.append(("sort", query.sort))
    return [*pairs, ("columns", ",".join(columns))] if columns else pairs


def bar(screen: Definition, actor: Actor, query: Query, columns: Sequence[str]) -> ViewBar:
    """Return the tabs above a list, and what can be done with the view that is open."""
    views = of_list(screen, actor)
    current = find(screen, actor, request.args.get("view", ""), views)
    if current and current not in views:
        views.append(current)  # one of more than there are tabs
    shown = readable(screen, actor, current.address) if current else None
    is_changed = not _is_same(screen, shown, query, columns)
    plain = ViewBar(
        tabs=_tabs(screen, actor, views, current, changed=is_changed),
        state=address_of(screen, query, columns),
        changed=is_changed,
        is_default=(current.mark if current else "") == screen.default_view(actor),
        counts_href=screen.url_of("view_counts"),
        new_href=screen.url_of("new_view"),
        default_href=screen.url_of("choose_view"),
        all_href=screen.url_of("views_page"),
    )
    return _with_current(plain, screen, actor, current, shown)


def _with_current(
    page: ViewBar,
    screen: Definition,
    actor: Actor,
    current: View | None,
    shown: Readable | None,
) -> ViewBar:
    """Return the bar with what is about the view that is open, if one is."""
    if current is None or shown is None:
        return page
    page = replace(page, mark=current.mark, label=current.label)
    saved = current.saved
    is_own = saved is not None and saved.user_id == actor.user_id
    if saved is not None and is_own:
        edit_href = screen.url_of("edit_view", view_id=saved.id)
        sharing = share_href(screen, actor, saved)
        page = replace(page, edit_href=edit_href, share_href=sharing, version=saved.version)
    return replace(page, left_out=_left_out(screen, shown, is_own=is_own))


def share_href(screen: Definition, actor: Actor, view: SavedView) -> str | None:
    """Return where a view of the actor's own is shared; None if they may share none."""
    if not can(actor, saved_views.SHARE):
        return None
    return screen.url_of("edit_view", view_id=view.id, _anchor="groups")


def _is_same(
    screen: Definition, shown: Readable | None, query: Query, columns: Sequence[str]
) -> bool:
    """Tell whether the list shows what the view asks for; one without columns takes any."""
    if shown is None:
        return True
    wanted = address_of(screen, shown.query, shown.columns)
    return wanted == address_of(screen, query, columns if shown.columns else ())


def _tabs(
    screen: Definition, actor: Actor, views: list[View], current: View | None, *, changed: bool
) -> list[ViewTab]:
    """Return a tab for everything and one for each view; none if there are no views."""
    if not views:
        return []
    everything = screen.href_of_everything(actor)
    tabs = [ViewTab(_("All"), everything, EVERYTHING, current=current is None)]
    for view in views:
        href = screen.url_of("index", view=view.mark)
        is_current = view is current
        tabs.append(
            ViewTab(
                view.label,
                href,
                view.mark,
                is_current,
                changed=changed and is_current,
                shared=view.saved is not None and view.saved.user_id != actor.user_id,
            )
        )
    return tabs


def _left_out(screen: Definition, shown: Readable, *, is_own: bool) -> str:
    """Return the sentence that says what of a view is not shown; its owner reads which part."""
    if not shown.left_out:
        return ""
    if not is_own:
        return _("A part of this view is left out: it is not there any more, or not yours to see.")
    names = [_word(screen, key) for key in shown.left_out]
    return _(
        "Left out of this view: %(parts)s. It is not there any more, or not yours to see.",
        parts=", ".join(dict.fromkeys(names)),
    )


def _word(screen: Definition, key: str) -> str:
    match key:
        case "columns":
            return _("Columns")
        case "sort":
            return _("Order")
        case "search":
            return _("Search")
        case "size":
            return _("Rows per page")
    return screen.label_of(key.partition(".")[0])
