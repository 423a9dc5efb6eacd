"""Who may do what."""

# feature: permissions
from dataclasses import dataclass, field

from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette_admin import PasswordField
from starlette_admin.auth import AdminUser, AuthProvider, LoginFailed
from starlette_admin.contrib.sqla import ModelView

from company.models import User, engine

passwords = PasswordHash.recommended()


@dataclass
class Person(AdminUser):
    id: int = 0
    is_owner: bool = False
    permissions: set[str] = field(default_factory=set)


class Login(AuthProvider):
    async def login(self, username, password, remember_me, request):
        with Session(engine) as session:
            user = session.scalar(select(User).where(User.name == username))
            if not user or not passwords.verify(password, user.password):
                raise LoginFailed("Invalid username or password")
            request.session["user"] = user.id

    async def authenticate(self, request):
        with Session(engine) as session:
            user = session.get(User, request.session.get("user", 0))
            if user:
                granted = {code for group in user.groups for code in group.permissions}
                return Person(user.name, None, user.id, user.is_owner, granted)

    async def logout(self, request):
        request.session.clear()


class CompanyView(ModelView):
    def may(self, request, verb):
        person = request.state.admin_user
        return person.is_owner or f"{self.key}.{verb}" in person.permissions

    def is_accessible(self, request):
        return self.may(request, "view")

    def can_create(self, request):
        return self.may(request, "create")

    def can_edit(self, request):
        return self.may(request, "edit")

    def can_delete(self, request):
        return self.may(request, "delete")

    def can_export(self, request):
        return self.may(request, "export")

    def can_import(self, request):
        return False

    async def is_action_allowed(self, request, name):
        if name in ("delete", "export"):
            return await super().is_action_allowed(request, name)
        return self.may(request, "edit")

    def get_list_query(self, request):
        return self.scoped(super().get_list_query(request), request.state.admin_user)

    def get_count_query(self, request):
        return self.scoped(super().get_count_query(request), request.state.admin_user)

    def scoped(self, query, person):
        return query


class UserView(CompanyView):
    fields = ["name", PasswordField("password"), "is_owner", "groups"]
    exclude_fields_from_list = ["password"]
    exclude_fields_from_detail = ["password"]
    exclude_fields_from_export = ["password"]

    async def before_create(self, request, data, obj):
        obj.password = passwords.hash(data["password"])

    async def before_edit(self, request, data, obj):
        obj.password = passwords.hash(data["password"])
