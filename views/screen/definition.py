"""Definition: a screen's powers, names and addresses, beside its options.

The pages are made from it, and know nothing else of a screen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from flask import current_app, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.actions.engine.action import Action, actions_of
from backoffice.data import comparable, disclosure, lists, page_sizes
from backoffice.data.filters import Filter
from backoffice.data.lists import Query
from backoffice.errors import BadRequest, NotFound
from backoffice.models import fields
from backoffice.models.base import Entity, Record
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, verbs_of
from backoffice.policy.rules import can, may_read
from backoffice.time_zones import timezone_of
from forms.base import Form
from views.screen import related_lists
from views.screen.cells import ListRow
from views.screen.options import Options
from views.screen.ordering import in_order_of_time
from views.screen.pages import BulkAction, Heading, ListMenu, Section
from views.screen.pages_of_views import EVERYTHING
from views.screen.related_lists import Rows, target_of
from views.web.actor import actor as current_actor
from views.web.answers import Answer

WRITING = ("create", "edit", "delete")


class Definition(Options):
    """The options of a screen, and what people may do with it, call it and find it under."""

    # Powers

    def is_visible(self) -> bool:
        """Tell whether the screen has an entry in the menu, for those who may open it."""
        return self.in_menu

    def is_accessible(self) -> bool:
        """Tell whether the actor may open the screen."""
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

    def usable_filters(self, actor: Actor) -> tuple[str, ...]:
        """Return the filters of the list that the actor may use: none by what they see masked."""
        names = self.column_filters
        return tuple(name for name in names if comparable.may_filter(actor, self.model, name))

    def readable_tabs(self, actor: Actor, row: Record) -> dict[str, str]:
        """Return the tabs of a row's details that it has and that the actor may read.

        A tab with the name of a relation shows that relation.
        """
        has = self.has_tabs(row)
        return {
            name: label
            for name, label in self.details_tabs.items()
            if name in has and may_read(actor, self.model, name)
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

    @property
    def filters_of_tabs(self) -> tuple[str, ...]:
        """The filters by which tabs of other screens show the list of this one."""
        pairs = [
            target_of(screen.model, rows.name)
            for screen in current_app.extensions["screens"]
            for rows in screen.tabs
        ]
        return tuple(name for target, name in pairs if target is self.model)

    def sorts(self, actor: Actor, name: str) -> bool:
        """Tell whether the actor may order the list by `name`.

        They must be able to read it: an order tells values, and a cursor holds one.
        """
        shown = name in self.column_list or name == self.column_default_sort.removeprefix("-")
        if not shown or disclosure.is_guarded(actor, self.model, name):
            return False
        return comparable.may_sort(actor, self.model, name)

    def actions(self, actor: Actor) -> list[Action]:
        """Return the actions that the actor may use here."""
        actions = actions_of(self.model, actor)
        offered = [each for each in actions if each.name != "delete" or self.has("delete")]
        order = [name for names in self.action_groups for name in names]
        return sorted(offered, key=lambda each: _place(order, each.name))

    def action_group(self, action: Action) -> int:
        """Return the place of the action's group in menus; actions without one come last."""
        groups = enumerate(self.action_groups)
        own = (place for place, names in groups if action.name in names)
        return next(own, len(self.action_groups))

    def global_actions(self, actor: Actor) -> list[Action]:
        """Return the actions about no rows that the actor may use here."""
        return actions_of(self.model, actor, is_global=True)

    def list_menu(self, actor: Actor) -> ListMenu | None:
        """Return a menu of the screen's own beside the title of its list, or None."""
        return None

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

    def links_after_save(self, _actor: Actor, _row: Any) -> list[dict[str, str]]:
        """Return what may be done once a row is saved, each with a label and an href."""
        return []

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
        query = lists.parse(
            self.model,
            pairs,
            allowed=self._labelled_filters(actor, pinned),
            sort=self._default_sort(actor),
            size=page_sizes.kept(self.preferences_of(actor).get("size")),
            zone=timezone_of(actor.time_zone),
        )
        if not self.sorts(actor, query.sort_name):
            raise BadRequest(_("This list cannot be sorted like that."), field="sort")
        query = in_order_of_time(self.model, self.column_list, query)
        if pinned is None:
            return query
        return replace(query, filters=(*query.filters, pinned), pinned=pinned.name)

    def _labelled_filters(self, actor: Actor, pinned: Filter | None) -> dict[str, str]:
        """Return what may be filtered by, with the headings; the place says what is pinned."""
        names = (*self.usable_filters(actor), *self.readable(actor, self.filters_of_tabs))
        left_out = pinned.name if pinned else ""
        return {name: self.label_of(name) for name in names if name != left_out}

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

    def hints(self, _row: Any) -> Mapping[str, str]:
        """Return the help below fields of this row's form, where it is not the declared one.

        Without a row it is that of the form that adds one.
        """
        return {}

    def fixed(self, _row: Any) -> Mapping[str, str]:
        """Return what the form of this row only shows beside `form_readonly`, with the reasons."""
        return {}

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer | None:
        """Write the values and return the row, or an answer to show instead of its details.

        None shows the form again, with what was sent.
        """
        raise NotImplementedError

    def sections(self, row: Any) -> list[Section]:
        """Return the overview of a row's details."""
        raise NotImplementedError

    def tab(self, actor: Actor, row: Any, name: str) -> Markup:
        """Return the content of the details tab called `name`."""
        raise NotFound

    def has_tabs(self, _row: Any) -> Collection[str]:
        """Return the names of those of `details_tabs` that this row has."""
        return self.details_tabs

    def buttons_of_rows(self, _actor: Actor) -> list[BulkAction]:
        """Return buttons for ticked rows that are no actions: each leads to a page of its own."""
        return []

    def above(self, _actor: Actor) -> Markup | str:
        """Return what stands above the list."""
        return ""

    def below(self, _actor: Actor, _row: Any) -> Markup | str:
        """Return what stands below the overview of a row's details."""
        return ""

    def badges(self, row: Any) -> list[Markup]:
        """Return the badges beside the title of a row's details."""
        return []

    def prepare(self, rows: Sequence[ListRow]) -> None:
        """Read at once what the cells of a page need besides their rows, before they are made."""

    def exported(self, _actor: Actor, _rows: Sequence[ListRow]) -> Sequence[Sequence[object]]:
        """Return the values of `export_more` for each of the rows; there is no request."""
        raise NotImplementedError

    def warnings(self, row: Any) -> list[str]:
        """Return what people should know about the row as it is.

        It is shown after the row was saved, and above its details.
        """
        return []

    def heading_of(self, row: Any) -> Heading:
        """Return the head of a row's details, with a person's avatar for instance."""
        return Heading(masking.label(current_actor(), row))

    def subtitle(self, row: Any) -> Markup | str:
        """Return the line below the title of a row's details."""
        return ""


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
