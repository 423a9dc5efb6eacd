"""Views and actions."""

from pathlib import Path

from flask import abort, redirect, request, url_for
from flask_admin import AdminIndexView, expose
from flask_admin.actions import action
from flask_admin.form import FileUploadField, ImageUploadField, SecureForm, thumbgen_filename
from flask_login import current_user, login_required, login_user, logout_user
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.security import check_password_hash
from wtforms import DecimalField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from company.access import CompanyView, Scoped
from company.models import Change, Load, Pallet, User, Warehouse, db

# feature: files
UPLOADS = Path("uploads").absolute()
UPLOADS.mkdir(exist_ok=True)


# feature: history
def remember(action, model, row):
    db.session.add(Change(who=current_user.name, action=action, table=model, row=row))
    db.session.commit()


class Remembered:
    def after_model_change(self, form, model, is_created):
        remember("create" if is_created else "edit", self.endpoint, str(self.get_pk_value(model)))

    def after_model_delete(self, model):
        remember("delete", self.endpoint, str(self.get_pk_value(model)))


# feature: plain
class WarehouseView(Scoped, Remembered, CompanyView):
    column_list = ["name", "code", "country", "opened_on", "capacity", "is_active", "manager"]
    column_searchable_list = ["name", "code", "email"]
    column_filters = ["country", "opened_on", "capacity", "is_active", "manager.name"]
    column_default_sort = "name"
    form_excluded_columns = ["pallets"]
    form_args = {"capacity": {"validators": [NumberRange(min=0)]}}
    form_ajax_refs = {"manager": {"fields": ["name"]}, "tags": {"fields": ["name"]}}
    # feature: files
    column_list += ["picture"]
    form_extra_fields = {
        "picture": ImageUploadField(base_path=UPLOADS, thumbnail_size=(48, 48, True)),
        "contract": FileUploadField(base_path=UPLOADS, allowed_extensions=["pdf"]),
    }
    # feature: related
    inline_models = [(Pallet, {"form_args": {"weight": {"validators": [NumberRange(min=0)]}}})]

    # feature: files
    def thumbnail(self, context, row, name):
        address = row.picture and url_for("static", filename=thumbgen_filename(row.picture))
        return address and Markup('<img src="{}">').format(address)

    column_formatters = {"picture": thumbnail}

    # feature: permissions
    def mine(self):
        return Warehouse.manager_id == current_user.id


# feature: move
def open_warehouses():
    query = select(Warehouse).where(Warehouse.is_active).order_by(Warehouse.name)
    # feature: permissions
    query = query.where(current_user.is_owner or Warehouse.manager_id == current_user.id)
    # feature: move
    return [(row.id, row.name) for row in db.session.scalars(query)]


class MoveForm(SecureForm):
    warehouse_id = SelectField("Warehouse", coerce=int, choices=open_warehouses)


# feature: set-weight
class WeightForm(SecureForm):
    weight = DecimalField("Weight (kg)", validators=[InputRequired(), NumberRange(min=0)])


# feature: add-note
class NoteForm(SecureForm):
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
class PalletView(Scoped, Remembered, CompanyView):
    column_list = ["id", "warehouse", "weight", "status"]
    column_searchable_list = ["note"]
    column_filters = ["warehouse.name", "weight", "status"]
    form_args = {"weight": {"validators": [NumberRange(min=0)]}}
    form_ajax_refs = {"warehouse": {"fields": ["name", "code"]}}

    # feature: move
    @action("move", "Move to warehouse")
    def move(self, ids):
        return self.ask("move", ids)

    def ask(self, what, ids):
        return redirect(url_for(".change", what=what, id=ids))

    @expose("/change/<what>", methods=["GET", "POST"])
    def change(self, what):
        # feature: permissions
        if not self.can_edit:
            abort(403)
        # feature: move
        form = FORMS[what](request.form)
        if request.method == "POST" and form.validate():
            ids = request.args.getlist("id")
            for pallet in self.get_query().filter(Pallet.id.in_(ids)):
                form.populate_obj(pallet)
            db.session.commit()
            # feature: history
            remember(what, self.endpoint, ", ".join(ids))
            # feature: move
            return redirect(url_for(".index_view"))
        return self.render("action.html", form=form)

    # feature: set-weight
    @action("set_weight", "Set weight")
    def set_weight(self, ids):
        return self.ask("set_weight", ids)

    # feature: add-note
    @action("add_note", "Add note")
    def add_note(self, ids):
        return self.ask("add_note", ids)

    # feature: permissions
    def mine(self):
        return Pallet.warehouse.has(manager_id=current_user.id)


# feature: text-key
class CustomerView(Remembered, CompanyView):
    column_list = form_columns = ["number", "name", "city"]
    column_searchable_list = column_filters = ["number", "name", "city"]


# feature: two-keys
class StockView(Remembered, CompanyView):
    column_list = form_columns = ["site", "item", "pieces"]
    column_searchable_list = ["site", "item"]
    column_filters = ["site", "item", "pieces"]


# feature: sql-view
class LoadView(Scoped, CompanyView):
    column_list = ["warehouse", "pallets", "weight"]
    can_create = can_edit = can_delete = False

    # feature: permissions
    def mine(self):
        return Load.warehouse.has(manager_id=current_user.id)


# feature: history
class ChangeView(CompanyView):
    column_searchable_list = ["who", "action", "table", "row"]
    column_default_sort = ("id", True)
    can_create = can_edit = can_delete = False


# feature: permissions
class LoginForm(SecureForm):
    name = StringField(validators=[InputRequired()])
    password = PasswordField(validators=[InputRequired()])


class Home(AdminIndexView):
    # feature: figure
    @expose("/")
    # feature: permissions
    @login_required
    # feature: figure
    def index(self):
        query = select(func.count()).where(~Warehouse.is_active)
        # feature: permissions
        query = query.where(current_user.is_owner or Warehouse.manager_id == current_user.id)
        # feature: figure
        return self.render("admin/home.html", closed=db.session.scalar(query))

    # feature: permissions
    @expose("/login", methods=["GET", "POST"])
    def login(self):
        form = LoginForm(request.form)
        if request.method == "POST" and form.validate():
            user = db.session.scalar(select(User).where(User.name == form.name.data))
            if user and check_password_hash(user.password, form.password.data):
                login_user(user)
                return redirect(url_for(".index"))
        return self.render("action.html", form=form)

    @expose("/logout", methods=["POST"])
    def logout(self):
        logout_user()
        return redirect(url_for(".login"))
