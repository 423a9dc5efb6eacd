"""Depots, pallets and crates."""

from typing import ClassVar

from acme.models.depot import Crate, Depot, Pallet, Shelf
from acme.models.tank import Tank
from flask import render_template
from flask_admin import expose
from markupsafe import Markup

from backoffice.data import records
from backoffice.policy.actor import Actor
from views.screen import ID, Rows, Screen, permission_required
from views.web.actor import signed_in


class Depots(Screen):
    model = Depot
    form_columns = ("name", "is_active")
    tabs = (
        Rows("pallets"),
        Rows("shelves"),
        Rows("client_tags", attach=True),
        Rows("neighbours", attach=True),
    )
    details_tabs: ClassVar = {"sign": "Sign"}

    def tab(self, _actor: Actor, row: Depot, name: str) -> Markup:
        return Markup(render_template("acme/sign.html", row=row))

    @permission_required("depots.edit")
    @expose(f"/{ID}/label", methods=("GET", "POST"))
    def label(self, row_id: int) -> str:
        return records.get(actor=signed_in(), model=Depot, row_id=row_id).name


class Pallets(Screen):
    model = Pallet
    column_list = ("id", "code", "goods", "weight", "pieces", "status", "depot", "created_at")
    column_filters = (*column_list, "is_fragile", "due", "rating")
    form_columns = (
        "code",
        "goods",
        "weight",
        "pieces",
        "ratio",
        "status",
        "hazard",
        "is_fragile",
        "due",
        "at",
        "opens",
        "facts",
        "raw",
        "rating",
        "marks",
        "uuid",
        "note",
        "depot",
    )
    bulk_fields = form_columns
    views: ClassVar = {
        "Heavy ones": "weight.from=3&sort=-weight&columns=code,weight",
        "Moving": "status=moving",
        "With a rating": "rating.from=1",
    }


class Crates(Screen):
    model = Crate
    form_columns = ("name", "weight", "strength")
    bulk_fields = ("weight",)


class Shelves(Screen):
    model = Shelf
    form_columns = ("name",)


class Tanks(Screen):
    model = Tank
    form_columns = ("name", "code", "content", "pressure", "is_cooled", "degrees", "depot")
    form_sections: ClassVar = {
        "Tank": ("name", ("code", "content"), "pressure", "filled"),
        "Cooling": ("is_cooled", "degrees", "depot"),
    }
    form_readonly = ("code", "filled")
    form_shown_when: ClassVar = {
        "pressure": {"content": "gas"},
        "degrees": {"is_cooled": "yes"},
    }
    form_required_when: ClassVar = {"degrees": {"is_cooled": "yes"}}
    form_defaults: ClassVar = {"code": lambda actor: f"by {actor.user_id}", "pressure": 4}
