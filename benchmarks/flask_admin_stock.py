"""Flask-Admin 2.2.1 as its documentation shows it.

It has a ModelView with searchable columns, filters, an export and one bulk action.
"""

import os
from datetime import datetime
from typing import Any, ClassVar

from flask import Flask, flash, redirect, request, session
from flask_admin import Admin
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.client import Client
from benchmarks.peer import Ids, Peer


class FlaskAdmin(Peer):
    """Flask-Admin on the product's tables; it cannot act on all rows that match a filter."""

    name = "flask_admin"
    title = "Flask-Admin 2.2.1"
    target = "benchmarks.flask_admin_stock:create_app()"
    start = "/enter"
    sizes = "/admin/user/?page_size={size}"
    acts_on_all = False
    paths: ClassVar = {
        "first": "/admin/user/",
        "middle": "/admin/user/?page={page}",
        "filter": "/admin/user/?flt0_status_equals=blocked",
        "sort": "/admin/user/?sort=5&desc=1",
        "search": "/admin/user/?search={search}",
        "edit": "/admin/user/edit/?id={id}",
        "pick": "/admin/user/ajax/lookup/?name=created_by&query={search}&offset=0&limit=20",
        "export": "/admin/user/export/csv/",
    }

    def environment(self, url: str, port: int) -> dict[str, str]:
        return {"DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://")}

    def sign_in(self, client: Client) -> None:
        client.get("/enter")

    def block(self, client: Client, ids: Ids) -> None:
        rows = [("rowid", number) for number in ids]
        client.post("/admin/user/action/", [("action", "block"), *rows])


class Base(DeclarativeBase):
    pass


database = SQLAlchemy(model_class=Base)
user_groups = Table(
    "user_groups",
    Base.metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
)
user_tags = Table(
    "user_client_tags",
    Base.metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("client_tag_id", ForeignKey("client_tags.id"), primary_key=True),
)


class Group(database.Model):
    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class ClientTag(database.Model):
    __tablename__ = "client_tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class User(database.Model):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str]
    status: Mapped[str]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by: Mapped["User | None"] = relationship(remote_side="User.id")
    groups: Mapped[list[Group]] = relationship(secondary=user_groups)
    client_tags: Mapped[list[ClientTag]] = relationship(secondary=user_tags)

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Users(ModelView):
    named_filter_urls = True
    page_size = 50
    can_set_page_size = True
    can_export = True
    column_display_pk = True
    column_list = (
        "id", "first_name", "last_name", "email", "status", "last_login_at", "groups",
        "client_tags", "created_by", "created_at",
    )  # fmt: skip
    column_default_sort = ("id", True)
    column_searchable_list = ("first_name", "last_name", "email")
    column_filters = ("status", "created_at", "last_login_at", "email", "phone")
    form_columns = (
        "email", "first_name", "last_name", "phone", "status", "groups", "client_tags",
        "created_by",
    )  # fmt: skip
    form_ajax_refs: ClassVar = {
        "created_by": {"fields": ("first_name", "last_name", "email"), "page_size": 20}
    }

    def is_accessible(self) -> bool:
        return "user" in session

    @action("block", "Block", "Block these people?")
    def block(self, ids: list[Any]) -> None:
        numbers = [int(number) for number in ids]  # psycopg 3 does not compare text with numbers
        chosen = database.session.query(User).filter(User.id.in_(numbers))
        number = chosen.update({"status": "blocked"}, synchronize_session=False)
        database.session.commit()
        flash(f"{number} people were blocked.")


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="benchmark", SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"])
    database.init_app(app)
    Babel(app)
    Admin(app, name="Stock").add_view(Users(User, database))

    @app.get("/enter")
    def enter() -> Any:
        session["user"] = 1
        if "next" in request.args:
            return redirect(request.args["next"])
        return "in"

    return app


PEER = FlaskAdmin()
