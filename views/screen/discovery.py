"""Screens are found, not registered: every Screen with a model in a file under views/admin/."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from flask import Flask, redirect, url_for
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.theme import Theme

import views.admin
from backoffice.actions.deletion import declare_missing
from views.screen.screen import Screen
from views.theme import csp_nonce

TEMPLATES = Path(__file__).parent.parent.parent / "backoffice" / "templates"
AREAS = ("People", "Work", "System")


class Index(AdminIndexView):
    """Flask-Admin wants a page of its own at /admin/; ours is home."""

    @expose()
    def index(self) -> Any:
        return redirect(url_for("home"))


def register(app: Flask) -> None:
    """Join every screen to the application, in the order of areas and of their `order`."""
    declare_missing()
    found = sorted((screen() for screen in screens()), key=lambda s: (_area(s), s.order, s.slug))
    theme = Theme(folder=str(TEMPLATES), base_template="admin/base.html")
    admin = Admin(app, name="Backoffice", theme=theme, index_view=Index(), csp_nonce_generator=csp_nonce)
    admin.add_views(*found)
    app.extensions["screens"] = found


def screens() -> list[type[Screen]]:
    """The screens declared in the files of views/admin/."""
    modules = [import_module(f"views.admin.{module.name}") for module in iter_modules(views.admin.__path__)]
    named = [value for module in modules for value in vars(module).values()]
    return [
        s
        for s in dict.fromkeys(n for n in named if isinstance(n, type))
        if issubclass(s, Screen) and hasattr(s, "model")
    ]


def _area(screen: Screen) -> int:
    return AREAS.index(screen.area) if screen.area in AREAS else len(AREAS)
