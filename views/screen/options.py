"""Options: what a screen may say of itself; what it leaves out follows from its model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from flask_admin import BaseView
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.data import filters
from backoffice.field_conditions import Condition
from backoffice.models import fields, row_keys
from backoffice.models.base import Record
from backoffice.policy.permissions import area_of
from backoffice.text import name_key
from forms.base import Form
from views.screen.cells import OwnCell, Words
from views.screen.columns import Column, Layout, lists_of, names_of
from views.screen.related_lists import Rows

FIRST_COLUMNS = 8


class Options(BaseView):
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
    in_menu: ClassVar[bool] = True  # without an entry it is still found, and linked to

    # Of a screen with many columns, each with all its places, instead of the lists below
    column_table: ClassVar[Sequence[Column]] = ()

    # The list
    column_list: Sequence[str] = ()  # that people may choose from
    # Those of them that are shown until somebody chooses
    column_default_list: ClassVar[Sequence[str]] = ()
    column_extra_list: ClassVar[Sequence[str]] = ()  # read, but not shown: what own cells need
    column_formatters: ClassVar[Mapping[str, OwnCell]] = {}  # how single columns look
    # How single columns look on a row's details
    column_formatters_detail: ClassVar[Mapping[str, Callable[[Any], Markup]]] = {}
    # What people call a column's values, on every page
    column_value_labels: ClassVar[Mapping[str, Words]] = {}
    column_filters: Sequence[str] = ()
    # Where the top bar's search finds a row: what it is called, and what stands beside that
    column_title_list: ClassVar[Sequence[str]] = ()
    column_found_list: ClassVar[Sequence[str]] = ()
    column_default_sort: str = "-id"
    column_export_list: Sequence[str] = ()
    # Columns of a file that `exported` returns, name to label
    export_more: ClassVar[Mapping[str, str]] = {}
    # Tabs above the list: what people call them, and the query of the list
    views: ClassVar[Mapping[str, str]] = {}

    # One row
    column_details_list: Sequence[str] = ()  # what its details show, besides the tabs
    # Those of them under History, where times and whoever acted stand by themselves
    column_history_list: ClassVar[Sequence[str]] = ()
    overview_tab: ClassVar[tuple[str, str]] = ("overview", _l("Overview"))  # name and label
    events_tab: ClassVar[tuple[str, str]] = ("events", _l("Events"))
    details_tabs: ClassVar[Mapping[str, str]] = {}  # name to label; `tab` returns their content
    # What tabs show without code, the overview among them: heading to columns, by the tab's name
    details_sections: ClassVar[Mapping[str, Mapping[str, Sequence[str]]]] = {}
    tabs: ClassVar[Sequence[Rows]] = ()  # further tabs with the list of rows that belong to a row
    form_columns: Sequence[str] = ()  # that may be written
    # The names of actions in the order of menus, by groups with a line between them
    action_groups: ClassVar[Sequence[Sequence[str]]] = ()
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
