"""Definition: a screen's names, labels, addresses and powers.

The pages are made from it, and know nothing else of a screen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast
from uuid import UUID

from flask import current_app, url_for
from flask_admin import BaseView
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.actions.engine.action import Action, actions_of
from backoffice.data import disclosure, filters, lists, sorting
from backoffice.data.filters import Filter
from backoffice.data.lists import Query
from backoffice.errors import BadRequest, NotFound
from backoffice.field_conditions import Condition
from backoffice.models import fields, row_keys
from backoffice.models.base import Entity, Record
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, verbs_of
from backoffice.policy.rules import can, may_read
from backoffice.text import name_key
from backoffice.time_zones import timezone_of
from forms.base import Form
from views.screen import related_lists
from views.screen.cells import ListRow, OwnCell, Words
from views.screen.columns import Column, Layout, lists_of, names_of
from views.screen.ordering import in_order_of_time
from views.screen.pages import Heading, Section
from views.screen.pages_of_views import EVERYTHING
from views.screen.related_lists import Rows, target_of
from views.web.actor import actor as current_actor
from views.web.answers import Answer

WRITING = ("create", "edit", "delete")
FIRST_COLUMNS = 8


class Definition(BaseView):
    """The options of a screen, with defaults that follow from its model.

    `model` is the entity; every other option may be left out.
    """

    model: ClassVar[type[Record]]

    path: ClassVar[str] = ""  # after /admin/; else the table's name

    # Switched off, nobody has the page or button; switched on, the permissions decide
    can_create: ClassVar[bool] = True
    can_edit: ClassVar[bool] = True
    can_delete: ClassVar[bool] = True
    can_export: ClassVar[bool] = True
    can_duplicate: ClassVar[bool] = True  # for those who may create

    # In the menu
    name: ClassVar[str] = ""
    category: ClassVar[str] = _l("Work")
    menu_icon_value: ClassVar[str] = "table"  # a symbol of backoffice/static/icons.svg
    menu_order: ClassVar[int] = 50  # within the area

    # Of a screen with many columns, each with all its places, instead of the lists below
    column_table: ClassVar[Sequence[Column]] = ()

    # The list
    column_list: Sequence[str] = ()  # that people may choose from
    # Those of them that are shown until somebody chooses
    column_default_list: ClassVar[Sequence[str]] = ()
    column_extra_list: ClassVar[Sequence[str]] = ()  # read, but not shown: what own cells need
    column_formatters: ClassVar[Mapping[str, OwnCell]] = {}  # how single columns look
    # What people call a column's values, on every page
    column_value_labels: ClassVar[Mapping[str, Words]] = {}
    column_filters: Sequence[str] = ()
    # Where the top bar's search finds a row: what it is called, and what stands beside that
    column_title_list: ClassVar[Sequence[str]] = ()
    column_found_list: ClassVar[Sequence[str]] = ()
    column_default_sort: str = "-id"
    column_export_list: Sequence[str] = ()
    # Tabs above the list: what people call them, and the query of the list
    views: ClassVar[Mapping[str, str]] = {}

    # One row
    column_details_list: Sequence[str] = ()  # what its details show, besides the tabs
    # Those of them under History, where times and whoever acted stand by themselves
    column_history_list: ClassVar[Sequence[str]] = ()
    details_tabs: ClassVar[Mapping[str, str]] = {}  # name to label; `tab` returns their content
    tabs: ClassVar[Sequence[Rows]] = ()  # further tabs with the list of rows that belong to a row
    form_columns: Sequence[str] = ()  # that may be written
    bulk_fields: ClassVar[Sequence[str]] = ()  # that ticked rows can be given at once
    form: ClassVar[type[Form] | None] = None  # what it lacks, `form_columns` adds
    # Its sections, heading to names; those in a tuple of their own stand side by side
    form_sections: ClassVar[Layout] = {}
    form_readonly: ClassVar[Sequence[str]] = ()  # that the form of an existing row only shows
    # With which values of the fields before them fields are shown, and may not be left empty
    form_shown_when: ClassVar[Mapping[str, Condition]] = {}
    form_required_when: ClassVar[Mapping[str, Condition]] = {}
    # What a new row's form begins with, if its column has no default: a value, or f(actor)
    form_defaults: ClassVar[Mapping[str, object]] = {}
    column_labels: ClassVar[Mapping[str, str]] = {}
    column_descriptions: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        for option, value in lists_of(vars(cls).get("column_table", ())).items():
            setattr(cls, option, value)
        super().__init_subclass__(**kwargs)

    def __init__(self) -> None:
        area = area_of(self.model)
        self.slug = self.path or area.replace("_", "-")
        name = self.name or _l(fields.english_heading(self.model.__plural__))
        super().__init__(
            name=name,
            category=self.category,
            endpoint=area,
            url=f"/admin/{self.slug}",
            menu_icon_value=self.menu_icon_value,
        )
        self._fill_in_columns()
        # By the name that addresses have: before any request, a label is in English.
        self.declared_views = {
            name_key(str(label)).replace(" ", "-"): (label, address)
            for label, address in self.views.items()
        }

    @property
    def filters_of_tabs(self) -> tuple[str, ...]:
        """The filters by which tabs of other screens show the list of this one."""
        pairs = [
            target_of(screen.model, rows.name)
            for screen in current_app.extensions["screens"]
            for rows in screen.tabs
        ]
        return tuple(name for target, name in pairs if target is self.model)

    def _fill_in_columns(self) -> None:
        """Replace every list of columns that was left out by what follows from the model."""
        if not self.form_columns and self.form_sections:
            self.form_columns = self._columns_of_sections()
        if self.column_default_sort == "-id" and not row_keys.is_numbered(self.model):
            self.column_default_sort = "id"  # such keys say nothing about which row is newer
        self.column_list = tuple(self.column_list) or self._default_columns()
        # The others follow from the columns of the list.
        self.column_filters = tuple(self.column_filters) or self._default_filters()
        self.column_export_list = tuple(self.column_export_list) or fields.visible(self.model)
        self.column_details_list = tuple(self.column_details_list) or self._default_details()

    def _columns_of_sections(self) -> tuple[str, ...]:
        names = names_of(self.form_sections)
        return tuple(name for name in names if name not in self.form_readonly)

    def _default_columns(self) -> tuple[str, ...]:
        """Return the number, the name, the row's own columns and single relations.

        These are FIRST_COLUMNS at most; the time of creation is the last of them.
        """
        model = self.model
        single = [name for name in fields.relations(model) if fields.is_one(model, name)]
        possible = [*fields.visible(model), *single]

        first = [name for name in ("id", model.__label__) if name in possible]
        last = [name for name in ("created_at",) if name in possible]
        in_order = dict.fromkeys([*first, *possible])
        others = [name for name in in_order if name not in (*last, "updated_at")]
        return (*others[: FIRST_COLUMNS - len(last)], *last)

    def _default_details(self) -> tuple[str, ...]:
        all_columns = (*self.column_list, *self.form_columns, *self.column_export_list)
        return tuple(dict.fromkeys(all_columns))

    def _default_filters(self) -> tuple[str, ...]:
        possible = filters.filterable(self.model)
        return tuple(name for name in self.column_list if name in possible)

    # Powers

    def is_accessible(self) -> bool:
        """Tell whether the menu offers the screen."""
        return can(current_actor(), f"{self.endpoint}.view")

    def has(self, power: str) -> bool:
        """Tell whether the screen can do this at all.

        A screen is read-only until it lists its form's columns.
        """
        if not getattr(self, f"can_{power}", True):
            return False
        if power not in verbs_of(self.model):
            return False
        return power not in WRITING or bool(self.form_columns or self.form)

    def may(self, actor: Actor, power: str) -> bool:
        """Tell whether the screen can do this and the actor may do it."""
        return self.has(power) and can(actor, f"{self.endpoint}.{power}")

    def readable(self, actor: Actor, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of `names` that the actor may read.

        An attribute that tells of rows the actor does not see is not among them.
        """
        return tuple(name for name in names if may_read(actor, self.model, name))

    def readable_tabs(self, actor: Actor) -> dict[str, str]:
        """Return the tabs of a row's details that the actor may read.

        A tab with the name of a relation shows that relation.
        """
        return {
            name: label
            for name, label in self.details_tabs.items()
            if may_read(actor, self.model, name)
        }

    def readable_lists(self, actor: Actor) -> list[Rows]:
        """Return the tabs with other rows that the actor may see, on a screen of their own."""
        seen = [rows for rows in self.tabs if related_lists.may_see(actor, self.model, rows.name)]
        return [rows for rows in seen if self.base_of(target_of(self.model, rows.name)[0])]

    def screen_of(self, model: type[Record]) -> "Definition":
        """Return the screen of another model. Raises NotFound if there is none."""
        area = area_of(model)
        for screen in current_app.extensions["screens"]:
            if screen.endpoint == area:
                return cast(Definition, screen)
        raise NotFound

    def sorts(self, actor: Actor, name: str) -> bool:
        """Tell whether the actor may order the list by `name`.

        They must be able to read it: an order tells values, and a cursor holds one.
        """
        shown = name in self.column_list or name == self.column_default_sort.removeprefix("-")
        if not shown or not may_read(actor, self.model, name):
            return False
        if disclosure.is_guarded(actor, self.model, name):
            return False
        return sorting.sortable(self.model, name)

    def actions(self, actor: Actor) -> list[Action]:
        """Return the actions that the actor may use here."""
        actions = actions_of(self.model, actor)
        return [action for action in actions if action.name != "delete" or self.has("delete")]

    def global_actions(self, actor: Actor) -> list[Action]:
        """Return the actions about no rows that the actor may use here."""
        return actions_of(self.model, actor, is_global=True)

    def render(self, template: str, **values: object) -> str:
        """Return one of the templates as HTML, with what Flask-Admin adds to it."""
        html: str = super().render(template, **values)
        return html

    # Labels and addresses

    def label_of(self, name: str) -> str:
        """Return the heading of a column, filter or field."""
        return str(self.column_labels.get(name) or fields.heading(name))

    def english_label_of(self, name: str) -> str:
        """Return the heading as translators read it, for what is declared before any request."""
        return self.column_labels.get(name) or fields.english_heading(name)

    def value_label(self, name: str, value: object) -> str:
        """Return what people call a value of the column `name`."""
        if name in self.column_value_labels:
            return self.column_value_labels[name](value)
        return fields.label(self.model, name, value)

    def url_of(self, page: str, **values: Any) -> str:
        """Return the address of one of the screen's own pages."""
        return url_for(f"{self.endpoint}.{page}", **values)

    def href_of_everything(self, actor: Actor) -> str:
        """Return the address of the whole list, which does not open with a view."""
        return self.url_of("index", view=EVERYTHING if self.default_view(actor) else None)

    def action_url(self, action: Action) -> str:
        """Return the address that plans an action's preview."""
        return self.url_of("act", action=action.name.replace("_", "-"))

    def preview_url(self, action: Action, token: UUID) -> str:
        """Return the address where a planned action is shown, decided and run."""
        return self.url_of("preview", action=action.name.replace("_", "-"), token=token)

    def base_of(self, model: type[Record]) -> str:
        """Return where details of another model's rows begin.

        It is '' if there is no screen for the model, or the actor may not see it.
        """
        area = area_of(model)
        known = any(screen.endpoint == area for screen in current_app.extensions["screens"])
        if known and can(current_actor(), f"{area}.view"):
            return url_for(f"{area}.index")
        return ""

    # What a person asked for

    def query(
        self, actor: Actor, pairs: Iterable[tuple[str, str]], pinned: Filter | None = None
    ) -> Query:
        """Return the list query of a request, with the person's own page size and time zone.

        Raises BadRequest for a filter or an order that this actor may not use.
        """
        allowed = self.readable(actor, (*self.column_filters, *self.filters_of_tabs))
        query = lists.parse(
            self.model,
            pairs,
            allowed=[name for name in allowed if not (pinned and name == pinned.name)],
            sort=self._default_sort(actor),
            size=self._own_size(actor),
            zone=timezone_of(actor.time_zone),
        )
        if not self.sorts(actor, query.sort_name):
            raise BadRequest(_("This list cannot be sorted like that."), field="sort")
        query = in_order_of_time(self.model, self.column_list, query)
        if pinned is None:
            return query
        return replace(query, filters=(*query.filters, pinned), pinned=pinned.name)

    def _own_size(self, actor: Actor) -> int:
        """Return the person's own page size; the usual one if no page has that any more."""
        size = self.preferences_of(actor).get("size")
        return size if size in lists.SIZES else lists.USUAL_SIZE

    def _default_sort(self, actor: Actor) -> str:
        """Return the order of the list; the newest first for whoever may not read what it says."""
        name = self.column_default_sort.removeprefix("-")
        return self.column_default_sort if self.sorts(actor, name) else "-id"

    def chosen_columns(
        self, actor: Actor, pinned: Filter | None = None, asked: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return the columns that the person wants to see and may read, at least one.

        `asked` are those that the address asks for, if it does. `pinned` is left out: the place of
        the list says it already.
        """
        chosen = asked or self.preferences_of(actor).get("columns")
        wanted = chosen or self.column_default_list or self.column_list
        left_out = pinned.name if pinned else ""
        columns = tuple(n for n in self.readable(actor, self.column_list) if n != left_out)
        return tuple(name for name in columns if name in wanted) or columns[:1]

    def default_view(self, actor: Actor) -> str:
        """Return the name in addresses of the view with which the person's list opens, or ''."""
        mark = self.preferences_of(actor).get("view", "")
        return mark if isinstance(mark, str) else ""

    def preferences_of(self, actor: Actor) -> dict[str, Any]:
        """Return what the person chose for this screen before."""
        preferences = actor.preferences.get(self.endpoint, {})
        return preferences if isinstance(preferences, dict) else {}

    # Entities that need more than their model says override these. A row is one of the screen's own
    # model, so a screen says which.

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return the form that writes a row, or a new row if `row` is None."""
        raise NotImplementedError

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer:
        """Write the values and return the row, or an answer to show instead of its details."""
        raise NotImplementedError

    def sections(self, row: Any) -> list[Section]:
        """Return the overview of a row's details."""
        raise NotImplementedError

    def tab(self, actor: Actor, row: Any, name: str) -> Markup:
        """Return the content of the details tab called `name`."""
        raise NotFound

    def badges(self, row: Any) -> list[Markup]:
        """Return the badges beside the title of a row's details."""
        return []

    def prepare(self, rows: Sequence[ListRow]) -> None:
        """Read at once what the cells of a page need besides their rows, before they are made."""

    def warnings(self, row: Any) -> list[str]:
        """Return what people should know about the row as it is.

        It is shown after the row was saved, and above its details.
        """
        return []

    def heading_of(self, row: Any) -> Heading:
        """Return the head of a row's details, with a person's avatar for instance."""
        return Heading(row.label)

    def subtitle(self, row: Any) -> Markup | str:
        """Return the line below the title of a row's details."""
        return ""
