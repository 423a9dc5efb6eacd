"""Screens are found, not registered: every Screen with a model in a file under views/admin/."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from flask import Flask, redirect, url_for
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.theme import Theme

import backoffice
import views.admin
from backoffice.actions.deletion import declare_missing
from backoffice.secrets import rotation
from views.screen.screen import Screen
from views.web.theme import csp_nonce

TEMPLATES = Path(__file__).parent.parent.parent / "backoffice" / "templates"
AREAS = ("People", "Work", "System")
ASIDE = ("commands", "demo")


class Index(AdminIndexView):
    """Flask-Admin wants a page of its own at /admin/; ours is home, and its own scripts and styles are not used."""

    def __init__(self) -> None:
        super().__init__()
        self.static_folder = None

    @expose()
    def index(self) -> Any:
        return redirect(url_for("home"))


def register(app: Flask) -> None:
    """Join every screen to the application, in the order of areas and of their `order`."""
    for area in areas():
        modules_of(area)  # an entity's scope and rules take effect by being there, too
    declare_missing()
    rotation.check()
    found = sorted(
        (screen() for screen in screens()), key=lambda s: (_area(s), s.menu_order, s.slug)
    )
    theme = Theme(folder=str(TEMPLATES), base_template="admin/base.html")
    admin = Admin(
        app,
        name=app.extensions["settings"].product_name,
        theme=theme,
        index_view=Index(),
        csp_nonce_generator=csp_nonce,
    )
    admin.add_views(*found)
    app.extensions["screens"] = found


def areas() -> list[ModuleType]:
    """The packages of `backoffice/` that a server needs: all but what runs beside it."""
    found = (module.name for module in iter_modules(backoffice.__path__) if module.ispkg)
    return [import_module(f"backoffice.{name}") for name in found if name not in ASIDE]


def screens() -> list[type[Screen]]:
    """The screens declared in the files of views/admin/."""
    named = [value for module in modules_of(views.admin) for value in vars(module).values()]
    return [
        s
        for s in dict.fromkeys(n for n in named if isinstance(n, type))
        if issubclass(s, Screen) and hasattr(s, "model")
    ]


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Every module that lies in the package, imported; packages in it, such as the demo, are no part of a server."""
    found = [module.name for module in iter_modules(package.__path__) if not module.ispkg]
    return [import_module(f"{package.__name__}.{name}") for name in found]


def _area(screen: Screen) -> int:
    return AREAS.index(screen.category) if screen.category in AREAS else len(AREAS)
