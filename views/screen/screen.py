"""Screen: name a model, and it has a list, details, forms, exports, actions and access rules."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.data import exact_search
from backoffice.errors import NotFound
from backoffice.models import row_keys
from backoffice.models.base import Entity, Record
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from forms.base import Form
from views.screen import (
    acting,
    adding_page,
    checks,
    details,
    editing,
    exporting,
    list_views,
    listing,
    lookups,
    row_files,
    view_counts,
    view_pages,
)
from views.screen.definition import Definition
from views.screen.formats import ENDINGS
from views.screen.own_pages import permission_of
from views.screen.pages import Section
from views.web.actor import actor as current_actor
from views.web.actor import signed_in, writes_no_row
from views.web.answers import Answer
from views.web.downloads import offered_on, with_caching
from views.web.view_as import not_while_viewing

ID = "<row_key:row_id>"
VIEW_ID = "<int(max=9223372036854775807):view_id>"
GROUP_ID = VIEW_ID.replace("view_id", "group_id")
POWERS = {  # what it takes to see a page; "view" for those that are not here
    "index": "view",
    "details": "view",
    "row_menu": "view",
    "new": "create",
    "edit": "edit",
    "export": "export",
}


class Screen(Definition):
    """The pages of one entity; a subclass in a file under views/admin/ is found by itself.

    Only `model` is needed; everything else that is left out follows from the model. Without
    `form_columns` the screen is read-only.
    """

    def __init__(self) -> None:
        checks.check_shapes(type(self))
        super().__init__()
        checks.check(self)

    # Pages

    @expose("/")
    def index(self) -> Answer:
        if address := list_views.address_to_open(self, signed_in()):
            return redirect(address, HTTPStatus.SEE_OTHER)
        page, status = listing.build(self, signed_in())
        page = replace(page, above=self.above(signed_in()))
        return self.render("admin/list.html", page=page), status

    @expose(f"/{ID}")
    def details(self, row_id: RowKey) -> Answer:
        return details.show(self, signed_in(), row_id)

    @with_caching
    @offered_on("details")
    @expose(f"/{ID}/files/<column>/<string(length=32):key>")
    def file(self, row_id: RowKey, column: str, key: str) -> Answer:
        return row_files.file(self, signed_in(), row_id, column, key)

    @with_caching
    @expose(f"/{ID}/pictures/<column>/<string(length=32):key>/<int:size>")
    def picture(self, row_id: RowKey, column: str, key: str, size: int) -> Answer:
        return row_files.picture(self, signed_in(), row_id, column, key, size=size)

    @expose(f"/{ID}/menu")
    def row_menu(self, row_id: RowKey) -> Answer:
        return details.row_menu(self, signed_in(), row_id)

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Answer:
        return editing.new(self, signed_in())

    @expose(f"/{ID}/edit", methods=("GET", "POST"))
    def edit(self, row_id: RowKey) -> Answer:
        return editing.edit(self, signed_in(), row_id)

    @not_while_viewing
    @offered_on("index")
    @expose(f"/export.<any({','.join(ENDINGS)}):ending>")
    def export(self, ending: str) -> Answer:
        query = self.query(signed_in(), request.args.items(multi=True))
        query = exact_search.ask(actor=signed_in(), model=self.model, query=query)
        return exporting.respond(self, signed_in(), query, ending)

    @writes_no_row
    @expose("/actions/<action>", methods=("POST",))
    def act(self, action: str) -> Answer:
        return acting.plan(self, signed_in(), action)

    @expose("/actions/<action>/<uuid:token>", methods=("GET", "POST"))
    def preview(self, action: str, token: UUID) -> Answer:
        answer = acting.decide if request.method == "POST" else acting.show
        return answer(self, signed_in(), action, token)

    @expose("/actions/<action>/<uuid:token>/options/<parameter>")
    def look_up(self, action: str, token: UUID, parameter: str) -> Answer:
        return acting.look_up(self, signed_in(), action, token, parameter)

    @writes_no_row
    @expose(f"/{ID}/tabs/<tab>/detach", methods=("POST",))
    def detach(self, row_id: RowKey, tab: str) -> Answer:
        return acting.plan_detaching(self, signed_in(), row_id, tab)

    @writes_no_row
    @expose(f"/{ID}/tabs/<tab>/add", methods=("GET", "POST"))
    def add_rows(self, row_id: RowKey, tab: str) -> Answer:
        return adding_page.show(self, signed_in(), row_id, tab)

    @expose("/lookup/<field>")
    def lookup(self, field: str) -> Answer:
        return lookups.answer(self, signed_in(), field)

    @expose("/preferences", methods=("POST",))
    def preferences(self) -> Answer:
        return lookups.keep_preferences(self, signed_in())

    # Views of the list

    @expose("/views")
    def views_page(self) -> Answer:
        return view_pages.overview(self, signed_in())

    @writes_no_row
    @expose("/views/new", methods=("GET", "POST"))
    def new_view(self) -> Answer:
        return view_pages.new(self, signed_in())

    @writes_no_row
    @expose(f"/views/{VIEW_ID}", methods=("GET", "POST"))
    def edit_view(self, view_id: int) -> Answer:
        return view_pages.edit(self, signed_in(), view_id)

    @writes_no_row
    @expose(f"/views/{VIEW_ID}/delete", methods=("POST",))
    def delete_view(self, view_id: int) -> Answer:
        return view_pages.delete(self, signed_in(), view_id)

    @writes_no_row
    @expose(f"/views/{VIEW_ID}/groups/{GROUP_ID}/stop", methods=("POST",))
    def stop_sharing(self, view_id: int, group_id: int) -> Answer:
        return view_pages.stop_sharing(self, signed_in(), view_id, group_id)

    @writes_no_row
    @expose("/views/default", methods=("POST",))
    def choose_view(self) -> Answer:
        return view_pages.choose_default(self, signed_in())

    @expose("/views/counts")
    def view_counts(self) -> Answer:
        return view_counts.answer(self, signed_in())

    # What Flask-Admin calls

    def _handle_view(self, name: str, **kwargs: object) -> None:
        """Refuse a page before Flask-Admin answers it.

        A page whose power is switched off does not exist; one whose permission the actor lacks is
        refused.
        """
        code = permission_of(type(self), name)
        if code is None:
            power = POWERS.get(name, "view")
            if not self.has(power):
                raise NotFound(_("This screen has no such page."))
            code = f"{self.endpoint}.{power}"
        if code:
            require(current_actor(), code)
        row_id = kwargs.get("row_id")
        if row_id is not None and row_keys.parse(self.model, row_id) is None:
            raise NotFound

    def _run_view(self, fn: Callable[..., Answer], *args: object, **kwargs: object) -> Answer:
        """Call the page once: Flask-Admin's own catches TypeError and calls it again.

        That would hide real faults.
        """
        return fn(self, *args, **kwargs)

    # What follows from the model where a screen says nothing else

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return the form that writes a row."""
        return editing.generated_form(self, actor, row)

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer | None:
        """Write the values and return the row, or an answer to show instead of its details."""
        return editing.write(self, actor, row, version, values)

    def sections(self, row: Any) -> list[Section]:
        """Return the overview of a row's details."""
        return details.sections(self, row)
