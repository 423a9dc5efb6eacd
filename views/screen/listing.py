"""Build the list page: a Query becomes rows of ready cells, chips, filters and links."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import request
from flask_babel import gettext as _
from markupsafe import Markup, escape

from backoffice.actions.engine.action import Action
from backoffice.data import disclosure, exact_search, filters, lists, page_sizes
from backoffice.data.filters import Filter
from backoffice.data.lists import Query
from backoffice.errors import BadRequest
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from views.screen import cells, list_filters, list_views, related_cells
from views.screen.cells import ListRow
from views.screen.definition import Definition
from views.screen.file_cells import Held
from views.screen.formats import ENDINGS
from views.screen.list_filters import href, href_of_all, rows_of
from views.screen.pages import BulkAction, Choice, ColumnHead, ListPage
from views.screen.related_lists import BACK, Within

NEAR = 3  # columns from the edge
Getter = Callable[[ListRow], Markup]  # from a row to one of its cells


def build(screen: Definition, actor: Actor, within: Within | None = None) -> tuple[ListPage, int]:
    """Return the page that the request asks for, and its status.

    `within` is the tab where it is shown, if it is no page of its own. The status is 400, and the
    page has a message, where the query makes no sense.
    """
    pinned = within.pinned if within else None
    chosen = _chosen(screen, actor, pinned)
    try:
        query, found = _found(screen, actor, chosen, pinned)
    except BadRequest as error:
        return _refused(screen, actor, chosen, error, pinned), 400

    frame = _in_tab(_frame(screen, actor, chosen, query), within)
    shown = replace(found, rows=disclosure.redacted(actor, screen.model, found.rows))
    rows = _rows(screen, chosen, shown, ticks=bool(frame.actions), within=within)
    page = _counted(screen, actor, replace(frame, rows=rows), found)
    return _with_places(page, query, found), 200


def _counted(screen: Definition, actor: Actor, page: ListPage, found: lists.Page) -> ListPage:
    """Return the page with how many rows match."""
    count = found.count or 0
    number = lists.count_text(actor, screen.model, count)
    label = _("%(number)s %(noun)s", number=number, noun=screen.model.noun(count))
    return replace(page, count=count, count_label=label)


def _chosen(screen: Definition, actor: Actor, pinned: Filter | None) -> tuple[str, ...]:
    """Return the columns that the address asks for, or else the person's own choice."""
    asked = [] if pinned else list_views.columns_in(request.args.items())
    return screen.chosen_columns(actor, pinned, asked)


def _in_tab(frame: ListPage, within: Within | None) -> ListPage:
    """Return the page with the buttons that attach and detach rows, in a tab that has them."""
    if within is None:
        return frame
    own = [action for action in (within.detach, within.remove) if action]
    named = {action.label for action in own}
    others = [action for action in frame.actions if action.label not in named]
    return replace(
        frame,
        columns=[*frame.columns, *_own_columns(within)],
        actions=[*own, *others],
        sticky_column=frame.sticky_column + bool(own and not frame.actions),
        attach=within.attach,
        attach_to=within.row_id,
        add_href=within.add_href,
        add_label=within.add_label,
    )


def _own_columns(within: Within) -> list[ColumnHead]:
    """Return the heading of the column that the tab has alone, if it has one."""
    if within.between is None:
        return []
    label = str(within.between.label)
    return [ColumnHead(label=label, sort_href=None, aria_sort=None, look="")]


def _found(
    screen: Definition, actor: Actor, chosen: Sequence[str], pinned: Filter | None
) -> tuple[Query, lists.Page]:
    """Return the query of the request, and the rows it finds; raises BadRequest."""
    query = screen.query(actor, request.args.items(multi=True), pinned)
    query = exact_search.ask(actor=actor, model=screen.model, query=query)
    names = tuple(dict.fromkeys((*chosen, *screen.column_extra_list)))
    found = lists.page(actor, screen.model, query, names, counted=True)
    if not found.rows and (query.after or query.before):
        # The rows that stood at this place match no more: begin with the first ones.
        query = replace(query, after="", before="")
        found = lists.page(actor, screen.model, query, names, counted=True)
    return query, found


def _with_places(page: ListPage, query: Query, found: lists.Page) -> ListPage:
    """Return the page with links to the rows before and after these, and to the first ones."""
    return replace(
        page,
        first_href=href(query) if found.previous else None,
        previous_href=href(query, before=found.previous) if found.previous else None,
        next_href=href(query, after=found.next) if found.next else None,
    )


def _frame(screen: Definition, actor: Actor, chosen: Sequence[str], query: Query) -> ListPage:
    """Return the page without its rows."""
    actions = _bulk_actions(screen, actor)
    page = ListPage(
        title=str(screen.name),
        columns=_columns(screen, actor, chosen, query),
        sticky_column=_sticky_column(screen, chosen) + bool(actions),
        sizes=[(size, size == query.size) for size in page_sizes.SIZES],
        column_choices=_column_choices(screen, actor, chosen, query.pinned),
        preferences_href=screen.url_of("preferences"),
        actions=actions,
        query_string=rows_of(query) if query.pinned else request.query_string.decode(),
        tab=query.pinned and request.args.get("tab", ""),
        may_all_matching=can(actor, "bulk.run_all_matching"),
        exports=_exports(screen, actor, query),
    )
    return _with_filters(_with_buttons(page, screen, actor, query), screen, actor, query, chosen)


def _with_buttons(page: ListPage, screen: Definition, actor: Actor, query: Query) -> ListPage:
    """Return the page with what can be done beside its title."""
    if query.pinned in screen.chosen_columns(actor):
        page = replace(page, column_kept=query.pinned)
    if not query.pinned:
        page = _with_own_tools(page, screen, actor)
    # What is added in a tab has to belong there.
    belongs = not query.pinned or query.pinned in screen.form_columns
    if not (belongs and screen.may(actor, "create")):
        return page
    label = _("Add %(noun)s", noun=screen.model.noun())
    filled_in = {}
    if query.pinned:
        (only,) = [each for each in query.filters if each.name == query.pinned]
        filled_in = {query.pinned: only.values[0], BACK: request.full_path}
    return replace(page, create_href=screen.url_of("new", **filled_in), create_label=label)


def _with_own_tools(page: ListPage, screen: Definition, actor: Actor) -> ListPage:
    buttons = _buttons(screen, screen.global_actions(actor))
    return replace(page, global_actions=buttons, menu=screen.list_menu(actor))


def _column_choices(
    screen: Definition, actor: Actor, chosen: Sequence[str], pinned: str
) -> list[Choice]:
    names = [name for name in screen.readable(actor, screen.column_list) if name != pinned]
    return [(name, screen.label_of(name), name in chosen) for name in names]


def _with_filters(
    page: ListPage, screen: Definition, actor: Actor, query: Query, chosen: Sequence[str]
) -> ListPage:
    """Return the page with its views, the search, the filters, and the chips of those that are on.

    A tab of another row has no views.
    """
    choices = list_filters.related_choices(screen, actor, query)
    if not query.pinned:
        page = replace(page, views=list_views.bar(screen, actor, query, chosen))
    return replace(
        page,
        search=query.search,
        searched=list_filters.searched(screen, actor),
        search_label=list_filters.search_label(screen, actor),
        filters=[
            list_filters.control(screen, name, query, choices)
            for name in _in_order(screen, screen.usable_filters(actor))
            if name != query.pinned
        ],
        chips=list_filters.chips(screen, query, choices),
        clear_href=href_of_all(screen, actor, query),
        kept=list_filters.kept(screen, actor, query),
    )


def _in_order(screen: Definition, names: Sequence[str]) -> list[str]:
    """Return filters in the order of the columns; those of no column come after these.

    Where a screen says all in one table, they stand in its order.
    """
    if screen.column_table:
        return list(names)
    places = {name: place for place, name in enumerate(screen.column_list)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def _exports(screen: Definition, actor: Actor, query: Query) -> list[tuple[str, str]]:
    """Return the formats in which this person may have the list, each with its address."""
    if not screen.may(actor, "export"):
        return []
    rows = rows_of(query)
    return [(each.upper(), f"{screen.url_of('export', ending=each)}?{rows}") for each in ENDINGS]


def _bulk_actions(screen: Definition, actor: Actor) -> list[BulkAction]:
    """Return the actions that this person may use on several rows at once."""
    own = screen.buttons_of_rows(actor)
    if not can(actor, "bulk.run"):
        return own
    return [
        *_buttons(screen, [each for each in screen.actions(actor) if each.most_rows != 1]),
        *own,
    ]


def _buttons(screen: Definition, actions: Sequence[Action]) -> list[BulkAction]:
    groups = [screen.action_group(action) for action in actions]
    return [
        BulkAction(str(action.label), screen.action_url(action), action.danger, apart=group != last)
        for action, group, last in zip(actions, groups, [*groups[:1], *groups], strict=False)
    ]


def _refused(
    screen: Definition,
    actor: Actor,
    chosen: Sequence[str],
    error: BadRequest,
    pinned: Filter | None,
) -> ListPage:
    """Return the page with a message instead of rows.

    What was typed stays, and can be removed.
    """
    left_out = pinned.name if pinned else ""
    readable = [n for n in screen.usable_filters(actor) if n != left_out]
    typed = filters.as_typed(request.args.items(multi=True), readable)
    query = Query(sort=screen.column_default_sort, filters=typed)
    if pinned:
        query = replace(query, filters=(*query.filters, pinned), pinned=pinned.name)
    page = _frame(screen, actor, chosen, query)
    search = request.args.get("search", "")[:1000]
    return replace(page, search=search, problems=[error.message], actions=(), exports=())


def _rows(
    screen: Definition,
    chosen: Sequence[str],
    found: lists.Page,
    *,
    ticks: bool,
    within: Within | None,
) -> list[Markup]:
    if not found.rows:
        return []
    screen.prepare(found.rows)
    base = screen.url_of("index")
    getters = [getter(screen, name, found, base) for name in chosen]
    if within and within.between:
        getters.append(_getter_between(within, found))
    label = screen.model.__label__
    if label not in found.rows[0]._fields:
        label = "id"
    menu = escape(_("Actions for %(label)s"))
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


def _getter_between(within: Within, found: lists.Page) -> Getter:
    """Return the function that makes the cell of the tab's own column."""
    assert within.between is not None
    made = within.between.cells(within.row_id, [row.id for row in found.rows])
    return lambda row: made.get(row.id, cells.NOTHING)


def getter(screen: Definition, name: str, found: lists.Page, base: str) -> Getter:
    """Return the function from a row to its cell of the column `name`.

    `base` is where details begin. The screen has to be prepared for the rows.
    """
    if name in screen.column_formatters:
        own_cell = screen.column_formatters[name]
        context = cells.CellContext(base, found.related)
        return lambda row: own_cell(row, context)
    make = cells.maker(screen.model, name, base)
    if fields.is_many(screen.model, name):
        by_row = found.related[name]
        return lambda row: make(by_row.get(row.id, ()))
    return _plain_getter(screen, name, found, make)


def _plain_getter(screen: Definition, name: str, found: lists.Page, make: cells.Cell) -> Getter:
    """Return the function from a row to the cell of a value that stands in the row itself."""
    # By its position a value is found faster than by its name.
    position = found.rows[0]._fields.index(name)
    if fields.is_one(screen.model, name):
        return related_cells.maker(screen, name, position, found)
    if name in (screen.model.__label__, "id"):
        return lambda row: make((row.id, related_cells.called(screen, row.id, row[position])))
    if fields.is_file(screen.model, name):
        base = screen.url_of("index")
        return lambda row: make(Held(f"{base}{row.id}/", row[position]))
    if name in screen.column_value_labels:
        return lambda row: cells.text(screen.value_label(name, row[position]))
    return lambda row: make(row[position])


def _sticky_column(screen: Definition, chosen: Sequence[str]) -> int:
    """Return the position of the column that stays in sight while the others scroll.

    It is the name if that stands near the edge, otherwise the first column.
    """
    label = screen.model.__label__
    if label in chosen[:NEAR]:
        return chosen.index(label) + 1
    return 1


def _columns(
    screen: Definition, actor: Actor, chosen: Sequence[str], query: Query
) -> list[ColumnHead]:
    columns = []
    for name in chosen:
        sort_href = None
        if screen.sorts(actor, name):
            sort_href = href(replace(query, sort=_other_order(name, query)))
        columns.append(
            ColumnHead(
                label=screen.label_of(name),
                sort_href=sort_href,
                aria_sort=_order(name, query),
                look=_look(screen, name),
            )
        )
    return columns


def _look(screen: Definition, name: str) -> str:
    """Return how the heading of a column looks: as that of names, of numbers, or plain."""
    if name == screen.model.__label__:
        return "label"
    if name == "id":  # it is a link, and no amount
        return ""
    return "number" if fields.shape(screen.model, name) == "range" else ""


def _order(name: str, query: Query) -> str | None:
    """Return how the list is sorted by this column, in the words of ARIA."""
    if name != query.sort_name:
        return None
    return "descending" if query.descending else "ascending"


def _other_order(name: str, query: Query) -> str:
    """Return the order for a click on a heading: ascending first, then the other way round."""
    if name == query.sort_name and not query.descending:
        return f"-{name}"
    return name
