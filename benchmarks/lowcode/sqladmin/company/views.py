"""Views and actions."""

from sqladmin import AuditEntry, DBAuditBackend, ModelView, action, expose
from sqladmin.filters import (
    AllUniqueStringValuesFilter,
    BooleanFilter,
    ForeignKeyFilter,
    OperationColumnFilter,
    StaticValuesFilter,
)
from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from wtforms import DecimalField, Form, SelectField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from company.access import Scoped, only_mine
from company.models import (
    Change,
    Customer,
    Load,
    Pallet,
    Stock,
    Tag,
    User,
    Warehouse,
    session_maker,
)


# feature: plain
class TagView(ModelView, model=Tag):
    column_list = ["name"]


class WarehouseView(Scoped, ModelView, model=Warehouse):
    column_list = ["name", "code", "country", "opened_on", "capacity", "is_active", "manager"]
    column_searchable_list = ["name", "code", "email"]
    column_sortable_list = ["name", "code", "country", "opened_on", "capacity", "rent"]
    column_default_sort = "name"
    column_filters = [
        AllUniqueStringValuesFilter(Warehouse.country),
        OperationColumnFilter(Warehouse.opened_on),
        OperationColumnFilter(Warehouse.capacity),
        BooleanFilter(Warehouse.is_active),
        ForeignKeyFilter(Warehouse.manager_id, User.name),
    ]
    form_excluded_columns = ["pallets"]
    form_args = {"capacity": {"validators": [NumberRange(min=0)]}}
    form_ajax_refs = {"manager": {"fields": ["name"]}, "tags": {"fields": ["name"]}}
    # feature: files
    column_list += ["picture"]

    # feature: permissions
    def mine(self, user):
        return Warehouse.manager_id == user.id


# feature: move
def open_warehouses(request):
    query = select(Warehouse).where(Warehouse.is_active).order_by(Warehouse.name)
    # feature: permissions
    query = only_mine(request, query, lambda user: Warehouse.manager_id == user.id)
    # feature: move
    with session_maker() as session:
        return [(row.id, row.name) for row in session.scalars(query)]


class MoveForm(Form):
    warehouse_id = SelectField("Warehouse", coerce=int)

    def __init__(self, typed, request):
        super().__init__(typed)
        self.warehouse_id.choices = open_warehouses(request)


# feature: set-weight
class WeightForm(Form):
    weight = DecimalField("Weight (kg)", validators=[NumberRange(min=0)])


# feature: add-note
class NoteForm(Form):
    text = TextAreaField("Text", validators=[InputRequired()])

    def populate_obj(self, pallet):
        pallet.note = f"{pallet.note or ''}\n{self.text.data}".strip()


# feature: move
FORMS = {
    "move": MoveForm,
    # feature: set-weight
    "set_weight": WeightForm,
    # feature: add-note
    "add_note": NoteForm,
    # feature: move
}


# feature: related
class PalletView(Scoped, ModelView, model=Pallet):
    column_list = ["id", "warehouse", "weight", "status"]
    column_searchable_list = ["note"]
    column_sortable_list = ["id", "weight", "status"]
    column_filters = [
        ForeignKeyFilter(Pallet.warehouse_id, Warehouse.name),
        OperationColumnFilter(Pallet.weight),
        StaticValuesFilter(Pallet.status, [("HERE", "Here"), ("MOVING", "Moving")]),
    ]
    form_args = {"weight": {"validators": [NumberRange(min=0)]}}
    form_ajax_refs = {"warehouse": {"fields": ["name", "code"]}}

    # feature: move
    @action("move", "Move to warehouse")
    async def move(self, request):
        return self.ask(request, "move")

    def ask(self, request, name):
        return RedirectResponse(f"/admin/pallet/change/{name}?{request.query_params}")

    @expose("/change/{name}", methods=["GET", "POST"])
    async def change(self, request):
        name = request.path_params["name"]
        # feature: permissions
        if not self.has_permission(request, f"action:{name.replace('_', '-')}"):
            raise HTTPException(403)
        # feature: move
        form = FORMS[name](await request.form(), request=request)
        if request.method == "POST" and form.validate():
            await self.carry_out(request, name, form)
            return RedirectResponse("/admin/pallet/list", 303)
        return await self.templates.TemplateResponse(request, "action.html", {"form": form})

    async def carry_out(self, request, name, form):
        pks = request.query_params["pks"].split(",")
        with session_maker.begin() as session:
            for pallet in session.scalars(self.list_query(request).where(Pallet.id.in_(pks))):
                form.populate_obj(pallet)
        # feature: history
        entry = AuditEntry(name, self.identity, ", ".join(pks), {**await request.form()})
        await audit.log(entry, request)

    # feature: set-weight
    @action("set_weight", "Set weight")
    async def set_weight(self, request):
        return self.ask(request, "set_weight")

    # feature: add-note
    @action("add_note", "Add note")
    async def add_note(self, request):
        return self.ask(request, "add_note")

    # feature: permissions
    def mine(self, user):
        return Pallet.warehouse.has(manager_id=user.id)


# feature: text-key
class CustomerView(ModelView, model=Customer):
    column_list = ["KDNR", "name", "city"]
    column_searchable_list = column_list
    column_sortable_list = column_list
    form_include_pk = True


# feature: two-keys
class StockView(ModelView, model=Stock):
    column_list = ["SITE", "ITEM", "pieces"]
    column_searchable_list = ["SITE", "ITEM"]
    column_sortable_list = column_list
    form_include_pk = True


# feature: sql-view
class LoadView(Scoped, ModelView, model=Load):
    column_list = ["warehouse", "pallets", "weight"]
    column_sortable_list = ["pallets", "weight"]
    can_create = can_edit = can_delete = False

    # feature: permissions
    def mine(self, user):
        return Load.warehouse.has(manager_id=user.id)


# feature: history
class ChangeView(ModelView, model=Change):
    column_list = ["at", "who", "action", "table", "row", "values"]
    column_searchable_list = ["who", "action", "table"]
    column_default_sort = ("id", True)
    can_create = can_edit = can_delete = False


class Audit(DBAuditBackend):
    def build_row(self, entry, actor, request):
        values = {name: str(value) for name, value in (entry.changes or {}).items()}
        return Change(
            who=str(actor),
            action=entry.action,
            table=entry.identity,
            row=entry.pk or "",
            values=values,
        )


audit = Audit(session_maker)


# feature: figure
def count_closed(request):
    query = select(func.count()).where(~Warehouse.is_active)
    # feature: permissions
    query = only_mine(request, query, lambda user: Warehouse.manager_id == user.id)
    # feature: figure
    with session_maker() as session:
        return session.scalar(query)
