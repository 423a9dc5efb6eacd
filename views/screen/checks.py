"""Check screens at the start, before anybody opens a page.

A mistake in one stops the product, with a sentence that has the cure.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy import inspect

from backoffice.actions.engine.action import Action, actions_of
from backoffice.data import filters, lists
from backoffice.data.sorting import sortable
from backoffice.errors import BadRequest
from backoffice.models import fields, masks
from backoffice.models.base import Entity, Record, records
from backoffice.places import DeclarationError, meant, place_of
from backoffice.policy import permissions
from views.screen import form_checks
from views.screen.adding import parameter_of
from views.screen.definition import Definition
from views.screen.own_pages import own_pages, permission_of
from views.screen.pages_of_views import EVERYTHING
from views.screen.parameter_forms import ParameterForm
from views.screen.related_lists import Rows, target_of

ICONS = Path(__file__).parents[2] / "backoffice" / "static" / "icons.svg"
# Options of Flask-Admin that a screen does not have, and what to do instead.
INSTEAD: Mapping[str, str] = {
    "column_searchable_list": "say in the model what is searched: __search__ = (...).",
    "column_sortable_list": "leave it out, every column that can be is sortable.",
    "column_exclude_list": "name in column_list what the list has.",
    "column_details_exclude_list": "name in column_details_list what the details have.",
    "column_export_exclude_list": "name in column_export_list what a file has.",
    "column_editable_list": "leave it out, rows are edited in their form.",
    "form_excluded_columns": "name in form_columns what can be written.",
    "form_args": "give the form as a class: form = ...",
    "form_overrides": "give the form as a class: form = ...",
    "form_widget_args": "give the form as a class: form = ...",
    "form_ajax_refs": "leave it out, relations with many rows are looked up.",
    "page_size": "leave it out, people choose it.",
    "export_types": "leave it out, there are CSV, XLSX and JSON.",
}


# Options that hold names of the model's attributes; a new one is checked without being listed.
NAMING = [
    option
    for option in dir(Definition)
    if option.startswith(("column_", "form_columns", "form_readonly", "bulk_fields"))
    and option not in ("column_default_sort", "column_table")
]


def check_shapes(declared: type[Definition]) -> None:
    """Raise DeclarationError if options of a screen are not called, or not made, as they must be.

    It comes first: such a mistake makes everything else look wrong.
    """
    _refuse(declared, [*_unknown_options(declared), *_shapes(declared)])


def check(screen: Definition) -> None:
    """Raise DeclarationError with one sentence for each mistake in the declaration of a screen."""
    mistakes = [
        *_unknown_attributes(screen),
        *(mistake for column in screen.column_table for mistake in column.mistakes()),
        *_search(screen.model),
        *_unlisted(screen),
        *_filters(screen),
        *_kinds(screen),
        *form_checks.mistakes(screen),
        *_tabs(screen),
        *_action_groups(screen),
        *_sections(screen),
        *_sort(screen),
        *_views(screen),
        *_icon(screen),
        *_own_pages(screen),
    ]
    _refuse(type(screen), mistakes)


def _refuse(declared: type[Definition], mistakes: Sequence[str]) -> None:
    if mistakes:
        where = f"{place_of(declared)}{declared.__name__}"
        raise DeclarationError("\n".join(f"{where}: {sentence}" for sentence in mistakes))


def _unknown_options(declared: type[Definition]) -> Iterator[str]:
    known = {name for name in dir(Definition) if not name.startswith("_")}
    for owner in declared.__mro__:
        # The machinery's own classes follow; what they have is known.
        if owner.__module__.startswith("views.screen."):
            return
        for name, value in vars(owner).items():
            if name in known or not _is_option(name, value):
                continue
            yield f"there is no option {name!r}: {INSTEAD.get(name) or meant(name, known)}"


def _is_option(name: str, value: object) -> bool:
    """Tell whether a class attribute is plain data, and not a method or something private."""
    if name.startswith("_") or callable(value):
        return False
    return not isinstance(value, (property, classmethod))


def _shapes(declared: type[Definition]) -> Iterator[str]:
    """Yield each option that is one text where it holds several names, and what is no name."""
    for option in NAMING:
        names = getattr(declared, option)
        if isinstance(names, str):
            yield f"{option} is one text: write ({names!r},)."
        elif odd := [name for name in names if not isinstance(name, str)]:
            yield f"{option} has {odd[0]}, which is no name: write it as a text."
    for option in ("overview_tab", "events_tab"):
        tab = getattr(declared, option)
        if not isinstance(tab, tuple) or len(tab) != 2:  # a name and a label
            yield f'{option} is {tab!r}: write a name and a label, ("info", _l("Info")).'
    tabs: Sequence[object] = declared.tabs
    for tab in tabs:
        if not isinstance(tab, Rows):
            yield f"tabs has {tab!r}: write Rows({tab!r})."


def _unknown_attributes(screen: Definition) -> Iterator[str]:
    model = screen.model
    visible = (*fields.visible(model), *fields.relations(model))
    for option in NAMING:
        for name in getattr(screen, option):
            if not fields.kind(model, name):
                yield (
                    f"{option} names {name!r}, which {model.__name__} does not show: "
                    f"{meant(name, visible)}"
                )
    if fields.kind(model, model.__label__) and fields.told_of(model, model.__label__):
        yield (
            f"{model.__name__} is called by its {model.__label__!r}, which not everybody may read: "
            "say another attribute, __label__ = ..."
        )
    if issubclass(model, Entity) and not hasattr(model, model.__label__):
        yield (
            f"{model.__name__} has no {model.__label__!r}: "
            "say in the model what its rows are called, __label__ = ..."
        )


def _search(model: type[Record]) -> Iterator[str]:
    for name in model.__search__:
        if not hasattr(model, name):
            known = fields.visible(model)
            yield f"__search__ of {model.__name__} names {name!r}: {meant(name, known)}"


def _unlisted(screen: Definition) -> Iterator[str]:
    for name in screen.column_default_list:
        if name not in screen.column_list:
            yield f"column_default_list names {name!r}, which column_list lacks: add it there."


def _filters(screen: Definition) -> Iterator[str]:
    for name in screen.column_filters:
        if fields.kind(screen.model, name) and not fields.shape(screen.model, name):
            yield f"column_filters names {name!r}, by which no list can be filtered: leave it out."


def _kinds(screen: Definition) -> Iterator[str]:
    """Yield what the kinds of the model's columns find wrong in how these are declared."""
    model = screen.model
    for attribute in inspect(model).column_attrs:
        kind = fields.kind(model, attribute.key)
        for mistake in kind.mistakes(fields.column(model, attribute.key)) if kind else ():
            yield f"{model.__name__}.{attribute.key}: {mistake}."


def check_masks() -> None:
    """Raise DeclarationError with one sentence for each mistake in the masks of all models."""
    mistakes = [
        f"{place_of(model)}{sentence}." for model in records() for sentence in masks.mistakes(model)
    ]
    if mistakes:
        raise DeclarationError("\n".join(mistakes))


def check_action(action: Action) -> None:
    """Raise DeclarationError for a permission that is none, or what no form can hold."""
    where = f"{place_of(type(action))}{type(action).__name__}"
    if unknown := permissions.unknown([action.permission]):
        raise DeclarationError(
            f"{where}: {unknown[0]!r} is no permission: "
            f"{meant(unknown[0], permissions.catalogue())}"
        )
    for name in action.parameters:
        if hasattr(ParameterForm, name):
            raise DeclarationError(
                f"{where}: no parameter can be called {name!r}, "
                "as forms call something of their own"
            )


def _tabs(screen: Definition) -> Iterator[str]:
    for rows in screen.tabs:
        try:
            target_of(screen.model, rows.name)
        except LookupError as error:
            yield str(error)
        if rows.attach and not screen.has("edit"):
            yield "attach needs rows that can be edited: name form_columns, or leave it out."
        yield from _actions_of_tab(screen, rows)
    lists = (rows.name for rows in screen.tabs)
    named = Counter([screen.overview_tab[0], *screen.details_tabs, *lists])
    for name in (name for name, number in named.items() if number > 1):
        yield f"two tabs are called {name!r}: leave one out, or give it another name."


def _action_groups(screen: Definition) -> Iterator[str]:
    """Yield each action that the order of menus names and that there is not, or names twice."""
    known = [action.name for action in actions_of(screen.model)]
    named = Counter(name for names in screen.action_groups for name in names)
    for name, number in named.items():
        if name not in known:
            yield f"action_groups names {name!r}: {meant(name, known)}"
        if number > 1:
            yield f"action_groups names {name!r} {number} times: leave all but one out."


def _sections(screen: Definition) -> Iterator[str]:
    """Yield each tab with declared sections that there is not, and each unknown column in them."""
    known = (screen.overview_tab[0], *screen.details_tabs)
    visible = (*fields.visible(screen.model), *fields.relations(screen.model))
    for tab, sections in screen.details_sections.items():
        if tab not in known:
            yield f"details_sections names the tab {tab!r}: {meant(tab, known)}"
        for name in (name for names in sections.values() for name in names):
            if not fields.kind(screen.model, name):
                yield f"details_sections names {name!r}: {meant(name, visible)}"


def _actions_of_tab(screen: Definition, rows: Rows) -> Iterator[str]:
    """Yield each action of a tab that there is not, or that does not choose the page's row."""
    for name in filter(None, (rows.add, rows.remove)):
        target, _back = target_of(screen.model, rows.name)
        actions = {action.name: action for action in actions_of(target)}
        if name not in actions:
            yield f"tabs names the action {name!r} on {target.nouns()}: {meant(name, actions)}"
            continue
        try:
            parameter_of(actions[name], screen.model)
        except LookupError as error:
            yield f"tabs: {error}."


def _sort(screen: Definition) -> Iterator[str]:
    name = screen.column_default_sort.removeprefix("-")
    if name != "id" and not sortable(screen.model, name):
        known = [other for other in fields.visible(screen.model) if sortable(screen.model, other)]
        yield (
            f"column_default_sort names {name!r}, by which no list can be sorted: "
            f"{meant(name, known)}"
        )


def _own_pages(screen: Definition) -> Iterator[str]:
    """Yield each page under @expose that does not say who may open it."""
    for page, place in own_pages(type(screen)):
        code = permission_of(type(screen), page)
        function = getattr(type(screen), page).__name__
        if function != page:  # by which Flask-Admin asks whether somebody may open it
            yield f"{page}, at {place}, is a function {function!r}: use functools.wraps."
        if code is None:
            yield (
                f"{page}, at {place}, has an address and names no permission: write "
                f'@permission_required("{screen.endpoint}.view"), or another code, above it.'
            )
        elif code and (unknown := permissions.unknown([code])):
            yield (
                f"{page}, at {place}, requires {unknown[0]!r}, which is no permission: "
                f"{meant(code, permissions.catalogue())}"
            )


def _views(screen: Definition) -> Iterator[str]:
    if EVERYTHING in screen.declared_views or len(screen.declared_views) < len(screen.views):
        yield "views need names that differ, and none of them is All: it is there already."
    for label, address in screen.views.items():
        for sentence in _view(screen, str(label), parse_qsl(address)):
            yield f"views has {str(label)!r}{sentence}"


def _view(screen: Definition, label: str, pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield what is wrong with a view, as sentences after its label."""
    if label.isdecimal():
        yield ": saved views are numbers in addresses, give it a name."
    unknown = _unfiltered(screen, pairs)
    for name in unknown:
        yield f" with {name!r}, no filter of its list: {meant(name, screen.column_filters)}"
    rest = [(key, value) for key, value in pairs if key != "columns"]
    try:
        lists.parse(screen.model, () if unknown else rest, allowed=screen.column_filters)
    except BadRequest as error:
        yield f", which its list does not take: {error.message}"
    for name in dict(pairs).get("columns", "").split(","):
        if name and name not in screen.column_list:
            yield (
                f" with the column {name!r}, which column_list lacks: "
                f"{meant(name, screen.column_list)}"
            )


def _unfiltered(screen: Definition, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return what the pairs of an address name, and no filter of the list is called."""
    keys = [key for key, _value in pairs if key not in filters.RESERVED]
    names = dict.fromkeys(key.partition(".")[0] for key in keys)
    return [name for name in names if name not in screen.column_filters]


def _icon(screen: Definition) -> Iterator[str]:
    name = screen.menu_icon_value
    if name not in _icons():
        yield f"there is no icon {name!r} in {ICONS.name}: {meant(name, _icons())}"


@cache
def _icons() -> frozenset[str]:
    return frozenset(re.findall(r'<symbol[^>]* id="([^"]+)"', ICONS.read_text()))
