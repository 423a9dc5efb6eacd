"""What a screen is: its names, words, addresses and powers; the pages are made of it, and know nothing else of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from flask import current_app, url_for
from flask_admin import BaseView
from markupsafe import Markup

from backoffice.actions.engine.action import Action, actions_of
from backoffice.data import disclosure, filters, lists
from backoffice.data.lists import Query
from backoffice.errors import BadRequest, NotFound
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, verbs_of
from backoffice.policy.rules import can, may_read
from backoffice.time_zones import clock_of
from forms.base import Form
from views.screen.cells import OwnCell
from views.web.actor import actor as current_actor

WRITING = ("create", "edit", "delete")
FIRST_COLUMNS = 8


class Definition(BaseView):
    """What is declared of a screen, and what follows from its model where nothing is."""

    model: ClassVar[type[Record]]

    path: ClassVar[str] = ""  # after /admin/; else the table's name

    # Switched off, a page or button is nobody's; switched on, the permissions decide
    can_create: ClassVar[bool] = True
    can_edit: ClassVar[bool] = True
    can_delete: ClassVar[bool] = True
    can_export: ClassVar[bool] = True

    # In the menu
    name: ClassVar[str] = ""
    category: ClassVar[str] = "Work"
    menu_icon_value: ClassVar[str] = "table"  # a symbol of backoffice/static/icons.svg
    menu_order: ClassVar[int] = 50  # within the area

    # The list
    column_list: ClassVar[Sequence[str]] = ()  # that people may choose from
    column_default_list: ClassVar[
        Sequence[str]
    ] = ()  # those of them that are there until somebody chooses
    column_extra_list: ClassVar[Sequence[str]] = ()  # read, but not shown: what own cells need
    column_formatters: ClassVar[Mapping[str, OwnCell]] = {}  # how single columns look
    column_value_labels: ClassVar[
        Mapping[str, Callable[[Any], str]]
    ] = {}  # how values are said, everywhere
    column_filters: ClassVar[Sequence[str]] = ()
    column_default_sort: ClassVar[str] = "-id"
    column_export_list: ClassVar[Sequence[str]] = ()

    # One row
    column_details_list: ClassVar[Sequence[str]] = ()  # what its details say, besides the tabs
    details_tabs: ClassVar[Mapping[str, str]] = {}  # name to label; `tab` answers their content
    form_columns: ClassVar[Sequence[str]] = ()  # that may be written
    form: ClassVar[type[Form] | None] = None  # instead of one made from `form_columns`
    column_labels: ClassVar[Mapping[str, str]] = {}
    column_descriptions: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        area = area_of(self.model)
        self.slug = self.path or area.replace("_", "-")
        name = self.name or fields.heading(self.model.__plural__)
        super().__init__(
            name=name,
            category=self.category,
            endpoint=area,
            url=f"/admin/{self.slug}",
            menu_icon_value=self.menu_icon_value,
        )
        possible = filters.filterable(self.model)
        self.column_list = tuple(self.column_list) or self._default_columns()
        self.column_filters = tuple(self.column_filters) or tuple(
            n for n in self.column_list if n in possible
        )
        self.column_export_list = tuple(self.column_export_list) or fields.visible(self.model)
        every = (*self.column_list, *self.form_columns, *self.column_export_list)
        self.column_details_list = tuple(self.column_details_list) or tuple(dict.fromkeys(every))

    # What it may be asked

    def is_accessible(self) -> bool:
        """Whether the menu offers the screen."""
        return can(current_actor(), f"{self.endpoint}.view")

    def has(self, power: str) -> bool:
        """Whether the screen can do this at all: it is read-only until it lists its form's columns."""
        if not getattr(self, f"can_{power}", True):
            return False
        return power in verbs_of(self.model) and (
            power not in WRITING or bool(self.form_columns or self.form)
        )

    def may(self, actor: Actor, power: str) -> bool:
        """Whether the screen can do this, and the actor may."""
        return self.has(power) and can(actor, f"{self.endpoint}.{power}")

    def readable(self, actor: Actor, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the screen's attributes that the actor may read: not what tells of rows that they do not see."""
        return tuple(name for name in names if may_read(actor, self.model, name))

    def readable_tabs(self, actor: Actor) -> dict[str, str]:
        """The tabs of a row's details. One that is called like a relation shows that relation."""
        return {
            name: label
            for name, label in self.details_tabs.items()
            if may_read(actor, self.model, name)
        }

    def sorts(self, actor: Actor, name: str) -> bool:
        """Whether the actor may order the list by `name`: an order tells values, and a cursor holds one."""
        shown = name in self.column_list or name == self.column_default_sort.removeprefix("-")
        if (
            not shown
            or not may_read(actor, self.model, name)
            or disclosure.is_guarded(actor, self.model, name)
        ):
            return False
        return lists.sortable(self.model, name)

    def actions(self, actor: Actor) -> list[Action]:
        """The actions that the actor may use here."""
        return [
            a for a in actions_of(self.model, actor) if a.name != "delete" or self.has("delete")
        ]

    # Words and addresses

    def label_of(self, name: str) -> str:
        """The heading of a column, filter or field."""
        return self.column_labels.get(name) or fields.heading(name)

    def said(self, name: str, value: Any) -> str:
        """A value as people say it: one of a choice, or of a column that has words of its own."""
        return (
            self.column_value_labels[name](value)
            if name in self.column_value_labels
            else fields.heading(str(value))
        )

    def url_of(self, page: str, **values: Any) -> str:
        """The address of one of the screen's own pages."""
        return url_for(f"{self.endpoint}.{page}", **values)

    def action_url(self, action: Action) -> str:
        """Where the preview of an action is asked for."""
        return self.url_of("act", action=action.name.replace("_", "-"))

    def preview_url(self, action: Action, token: UUID) -> str:
        """Where a planned action is looked at, decided and run."""
        return self.url_of("preview", action=action.name.replace("_", "-"), token=token)

    def base_of(self, model: type[Record]) -> str:
        """Where details of another model's rows begin, or '' if the actor sees no screen for it."""
        area = area_of(model)
        known = any(screen.endpoint == area for screen in current_app.extensions["screens"])
        return url_for(f"{area}.index") if known and can(current_actor(), f"{area}.view") else ""

    # What a person asked for

    def query(self, actor: Actor, pairs: Any) -> Query:
        """The list query of a request, with the person's own page size and their own days."""
        size = self.preferences_of(actor).get("size", 50)
        allowed = self.readable(actor, self.column_filters)
        query = lists.parse(
            self.model,
            pairs,
            allowed=allowed,
            sort=self.column_default_sort,
            size=size,
            zone=clock_of(actor.time_zone),
        )
        if not self.sorts(actor, query.sort_name):
            raise BadRequest("This list cannot be sorted like that.", field="sort")
        return self._by_what_is_asked(query)

    def _by_what_is_asked(self, query: Query) -> Query:
        """A list of a stretch of time is in its order unless asked otherwise: one index finds and orders the rows."""
        asked = [
            f.name
            for f in query.filters
            if f.operator and fields.kind(self.model, f.name) in ("time", "date")
        ]
        if query.sort != "-id" or not asked or asked[0] not in self.column_list:
            return query
        return replace(query, sort=f"-{asked[0]}")

    def chosen_columns(self, actor: Actor) -> tuple[str, ...]:
        """The columns the person wants to see."""
        wanted = (
            self.preferences_of(actor).get("columns")
            or self.column_default_list
            or self.column_list
        )
        columns = self.readable(actor, self.column_list)
        return tuple(name for name in columns if name in wanted) or columns[:1]

    def preferences_of(self, actor: Actor) -> dict[str, Any]:
        """What the person chose for this screen before."""
        found = actor.preferences.get(self.endpoint, {})
        return found if isinstance(found, dict) else {}

    # Entities that need more than their model says override these

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """The form that writes a row."""
        raise NotImplementedError

    def written(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, Any]
    ) -> Any:
        """Write the values; answer a response to show instead of the row's details, or the row."""
        raise NotImplementedError

    def sections(self, row: Any) -> list[dict[str, Any]]:
        """The overview of a row's details: titles and fields."""
        raise NotImplementedError

    def tab(self, actor: Actor, row: Any, name: str) -> Markup:
        """The content of the details tab called `name`."""
        raise NotFound

    def badges(self, row: Any) -> list[Markup]:
        """What stands beside the title of a row's details."""
        return []

    def prepare(self, rows: Sequence[Any]) -> None:
        """Read at once what the cells of a page need besides; called before they are made."""

    def warnings(self, row: Any) -> list[str]:
        """What people should know about a row as it is: said when it was saved, and above its details."""
        return []

    def heading_of(self, row: Any) -> dict[str, Any]:
        """More for the head of a row's details, such as a person's avatar."""
        return {}

    def subtitle(self, row: Any) -> Markup | str:
        """What stands below the title of a row's details."""
        return ""

    def _default_columns(self) -> tuple[str, ...]:
        """The number, the name, what the row says and points at; when it was made, last."""
        related = [n for n in fields.relations(self.model) if fields.kind(self.model, n) == "one"]
        visible = [n for n in (*fields.visible(self.model), *related) if n != "updated_at"]
        first = [n for n in ("id", self.model.__label__) if n in visible]
        last = [n for n in ("created_at",) if n in visible]
        return tuple(dict.fromkeys(n for n in (*first, *visible) if n not in last))[
            : FIRST_COLUMNS - len(last)
        ] + tuple(last)
