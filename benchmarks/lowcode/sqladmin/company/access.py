"""Who may do what."""

# feature: permissions
from pwdlib import PasswordHash
from sqladmin import ModelView
from sqladmin.authentication import AuthenticationBackend
from sqladmin.contrib.rbac import GroupAdmin
from sqlalchemy import select
from wtforms import PasswordField

from company.models import Group, User, session_maker

passwords = PasswordHash.recommended()


class Login(AuthenticationBackend):
    async def login(self, request):
        form = await request.form()
        with session_maker() as session:
            user = session.scalar(select(User).where(User.name == form["username"]))
            if not user or not passwords.verify(form["password"], user.password):
                return False
            request.session["user"] = user.id
            return True

    async def logout(self, request):
        request.session.clear()
        return True

    async def authenticate(self, request):
        return "user" in request.session

    async def get_user_id(self, request):
        return request.session.get("user")


class UserView(ModelView, model=User):
    column_list = ["name", "is_superuser", "groups"]
    column_details_list = column_list
    column_export_list = column_list
    form_columns = ["name", "password", "is_superuser", "groups"]
    form_overrides = {"password": PasswordField}

    async def on_model_change(self, data, model, is_created, request):
        data["password"] = passwords.hash(data["password"])


class GroupView(GroupAdmin, model=Group):
    pass


def only_mine(request, query, condition):
    with session_maker() as session:
        user = session.get(User, request.session["user"])
    return query if user.is_superuser else query.where(condition(user))


class Scoped:
    def list_query(self, request):
        return only_mine(request, super().list_query(request), self.mine)

    def count_query(self, request):
        return only_mine(request, super().count_query(request), self.mine)

    def form_details_query(self, request):
        return only_mine(request, super().form_details_query(request), self.mine)

    def form_edit_query(self, request):
        return only_mine(request, super().form_edit_query(request), self.mine)

    async def check_can_delete(self, request, model):
        with session_maker() as session:
            query = self.list_query(request).where(self.model.id == model.id)
            return bool(session.scalar(query)) and await super().check_can_delete(request, model)
