"""Who may do what."""

# feature: permissions
from flask import redirect, request, url_for
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import JSONField, SecureForm
from flask_login import current_user
from werkzeug.security import generate_password_hash
from wtforms import PasswordField


class CompanyView(ModelView):
    form_base_class = SecureForm
    # feature: history
    export_types = ["csv", "json"]
    # feature: permissions

    def may(self, verb):
        granted = {code for group in current_user.groups for code in group.permissions}
        return current_user.is_owner or f"{self.endpoint}.{verb}" in granted

    def is_accessible(self):
        return current_user.is_authenticated and self.may("view")

    def inaccessible_callback(self, name, **kwargs):
        if current_user.is_authenticated:
            return super().inaccessible_callback(name, **kwargs)
        return redirect(url_for("admin.login", next=request.url))

    @property
    def can_create(self):
        return self.may("create")

    @property
    def can_edit(self):
        return self.may("edit")

    @property
    def can_delete(self):
        return self.may("delete")

    @property
    def can_export(self):
        return self.may("export")

    def is_action_allowed(self, name):
        return self.may("edit") and super().is_action_allowed(name)


class Scoped:
    def get_query(self):
        return super().get_query().filter(current_user.is_owner or self.mine())

    def get_count_query(self):
        return super().get_count_query().filter(current_user.is_owner or self.mine())

    def get_one(self, id):
        return self.get_query().filter(self.model.id == id).first()


class UserView(CompanyView):
    column_list = ["name", "is_owner", "groups"]
    column_export_list = column_list
    form_columns = ["name", "is_owner", "groups"]
    form_extra_fields = {"new_password": PasswordField()}

    def on_model_change(self, form, model, is_created):
        if form.new_password.data:
            model.password = generate_password_hash(form.new_password.data)


class GroupView(CompanyView):
    form_overrides = {"permissions": JSONField}
