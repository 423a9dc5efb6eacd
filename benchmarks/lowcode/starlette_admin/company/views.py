"""Views and actions."""

import json
import re
from decimal import Decimal

from markupsafe import escape
from sqlalchemy import func, select
from starlette_admin import (
    CountryField,
    CustomView,
    DecimalField,
    EmailField,
    FileField,
    ImageField,
    IntegerField,
    StatWidget,
    URLField,
    action,
    flash,
)
from starlette_admin.contrib.sqla import InlineModelView
from starlette_admin.exceptions import ActionFailed
from starlette_admin.storage import LocalStorage

from company.access import CompanyView
from company.models import Change, Load, Pallet, Warehouse

# feature: files
storage = LocalStorage(base_dir="uploads")


# feature: related
class PalletInline(InlineModelView):
    model = Pallet
    fields = [DecimalField("weight", min=0), "status", "note"]


# feature: plain
class WarehouseView(CompanyView):
    fields = ["name", "code", CountryField("country"), "opened_on", IntegerField("capacity", min=0)]
    fields += ["rent", "is_active", "manager", "tags", "note"]
    fields += [EmailField("email"), URLField("website"), "facts"]
    # feature: files
    fields += [ImageField("picture", storage=storage, upload_folder="pictures")]
    fields += [FileField("contract", storage=storage, upload_folder="contracts")]
    # feature: plain
    exclude_fields_from_list = ["rent", "tags", "note", "email", "website", "facts"]
    searchable_fields = ["name", "code", "country", "opened_on", "capacity", "is_active", "manager"]
    fields_default_sort = ["name"]
    # feature: related
    inlines = [PalletInline]

    # feature: permissions
    def scoped(self, query, person):
        return query if person.is_owner else query.where(Warehouse.manager_id == person.id)


# feature: move
def open_warehouses(request):
    query = select(Warehouse).where(Warehouse.is_active).order_by(Warehouse.name)
    # feature: permissions
    if not request.state.admin_user.is_owner:
        query = query.where(Warehouse.manager_id == request.state.admin_user.id)
    # feature: move
    return {str(row.id): row for row in request.state.session.scalars(query)}


def move_form(request):
    options = "".join(
        f'<option value="{key}">{escape(row.name)}</option>'
        for key, row in open_warehouses(request).items()
    )
    return f'<form><select class="form-select" name="warehouse">{options}</select></form>'


# feature: related
class PalletView(CompanyView):
    fields = ["id", "warehouse", DecimalField("weight", min=0), "status", "note"]
    exclude_fields_from_list = ["note"]
    searchable_fields = ["warehouse", "weight", "status", "note"]
    actions = [
        "delete",
        "export",
        # feature: move
        "move",
        # feature: set-weight
        "set_weight",
        # feature: add-note
        "add_note",
        # feature: related
    ]

    # feature: move
    @action(name="move", text="Move to warehouse", confirmation="Move to:", form=move_form)
    async def move(self, request, selection):
        data = await request.form()
        chosen = open_warehouses(request).get(data.get("warehouse"))
        if chosen is None:
            raise ActionFailed("Choose an active warehouse.")
        for pallet in await selection.rows():
            pallet.warehouse = chosen
        flash(request, f"{await selection.count()} pallets were moved.")

    # feature: set-weight
    @action(
        name="set_weight",
        text="Set weight",
        confirmation="Weight (kg):",
        form='<form><input class="form-control" name="weight" type="number" min="0"></form>',
    )
    async def set_weight(self, request, selection):
        weight = str((await request.form()).get("weight"))
        if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", weight):
            raise ActionFailed("Give a number of at least 0.")
        for pallet in await selection.rows():
            pallet.weight = Decimal(weight)
        flash(request, f"{await selection.count()} pallets were changed.")

    # feature: add-note
    @action(
        name="add_note",
        text="Add note",
        confirmation="Note:",
        form='<form><textarea class="form-control" name="text"></textarea></form>',
    )
    async def add_note(self, request, selection):
        text = (await request.form()).get("text")
        if not text:
            raise ActionFailed("Write a note.")
        for pallet in await selection.rows():
            pallet.note = f"{pallet.note or ''}\n{text}".strip()
        flash(request, f"{await selection.count()} pallets were changed.")

    # feature: permissions
    def scoped(self, query, person):
        return query if person.is_owner else query.where(Pallet.warehouse.has(manager_id=person.id))


# feature: text-key
class CustomerView(CompanyView):
    show_pk_in_forms = True
    searchable_fields = ["number", "name", "city"]


# feature: two-keys
class StockView(CompanyView):
    show_pk_in_forms = True
    searchable_fields = ["site", "item", "pieces"]


# feature: sql-view
class ReadOnlyView(CompanyView):
    def can_create(self, request):
        return False

    def can_edit(self, request):
        return False

    def can_delete(self, request):
        return False


class LoadView(ReadOnlyView):
    fields = ["warehouse", "pallets", "weight"]

    # feature: permissions
    def scoped(self, query, person):
        return query if person.is_owner else query.where(Load.warehouse.has(manager_id=person.id))


# feature: history
class ChangeView(ReadOnlyView):
    searchable_fields = ["at", "who", "event", "table", "row"]
    fields_default_sort = [("id", True)]


async def remember(context):
    before = getattr(context, "old_data", None)
    selection = getattr(context, "selection", None)
    change = Change(
        who=context.request.state.admin_user.username,
        event=getattr(context, "action_name", context.event),
        table=context.view_key,
        row=", ".join(await selection.pks()) if selection else str(context.pk),
        before=json.loads(json.dumps(before, default=str)),
    )
    context.request.state.session.add(change)


# feature: figure
async def count_closed(request):
    query = select(func.count()).where(~Warehouse.is_active)
    # feature: permissions
    if not request.state.admin_user.is_owner:
        query = query.where(Warehouse.manager_id == request.state.admin_user.id)
    # feature: figure
    return request.state.session.scalar(query)


home = CustomView(
    menu_label="Home",
    widget=StatWidget(
        title="Closed warehouses",
        value_callback=count_closed,
        link="/admin/warehouse/list?filter=is_active__is_false",
    ),
)
