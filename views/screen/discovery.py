"""Find the screens: every Screen with a model in a file under views/admin/ is one."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from flask import Flask, redirect, url_for
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.theme import Theme

import backoffice
import views.admin
from backoffice import apps
from backoffice.actions.deletion import declare_missing
from backoffice.actions.engine import attaching
from backoffice.actions.engine.action import actions_of, find
from backoffice.actions.engine.set_action import declare_change_field
from backoffice.models import fields
from backoffice.models.base import Entity
from backoffice.places import DeclarationError, place_of
from backoffice.secrets import rotation
from views.screen import checks
from views.screen.parameter_forms import takes_files
from views.screen.screen import Screen
from views.web.answers import Answer
from views.web.theme import csp_nonce

TEMPLATES = Path(__file__).parent.parent.parent / "backoffice" / "templates"
AREAS = ("People", "Clients", "Work", "System")  # of the menu, in its order; others follow
ASIDE = ("commands", "demo", "scaffold", "testing")  # packages that run beside a server


class Index(AdminIndexView):
    """The page at /admin/ that Flask-Admin insists on; it redirects to home.

    Flask-Admin's own scripts and styles are not used, so its static folder is switched off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.static_folder = None

    @expose()
    def index(self) -> Answer:
        return redirect(url_for("home"))


def register(app: Flask) -> None:
    """Join every screen to the application, sorted by area and by `menu_order`."""
    for area in areas():
        modules_of(area)  # importing an entity's scope and rules is what makes them count
    # Again, after the import of actions: a company's own entities are known only now.
    declare_missing()
    rotation.verify_at_start()
    checks.check_masks()
    instances = [_declared(screen) for screen in screens(app.extensions["apps"])]
    instances.sort(key=lambda screen: (_area(screen), screen.menu_order, screen.slug))
    theme = Theme(folder=str(TEMPLATES), base_template="admin/base.html")
    admin = Admin(
        app,
        name=app.extensions["settings"].product_name,
        theme=theme,
        index_view=Index(),
        csp_nonce_generator=csp_nonce,
    )
    admin.add_views(*instances)
    app.extensions["screens"] = instances
    app.extensions["takes_files"] = frozenset(_taking_files(instances))


def _declared(screen_class: type[Screen]) -> Screen:
    """Return the screen, with the actions that follow from its options."""
    screen = screen_class()
    _declare_bulk_fields(screen)
    _declare_attaching(screen)
    _check_actions(screen)
    return screen


def _check_actions(screen: Screen) -> None:
    for is_global in (False, True):
        for action in actions_of(screen.model, is_global=is_global):
            checks.check_action(action)


def _taking_files(screens: Iterable[Screen]) -> Iterator[str]:
    """Yield the endpoints to which forms with fields for files are sent."""
    for screen in screens:
        if any(fields.is_file(screen.model, name) for name in screen.form_columns):
            yield from (f"{screen.endpoint}.new", f"{screen.endpoint}.edit")
        actions = (*actions_of(screen.model), *actions_of(screen.model, is_global=True))
        if any(map(takes_files, actions)):
            yield f"{screen.endpoint}.preview"


def _declare_bulk_fields(screen: Screen) -> None:
    """Declare the action that changes a field of many rows, once for all apps of a process."""
    model = screen.model
    is_declared = find(f"{screen.endpoint}.change_field") is not None
    if screen.bulk_fields and issubclass(model, Entity) and not is_declared:
        labels = {name: screen.english_label_of(name) for name in screen.bulk_fields}
        declare_change_field(model, screen.bulk_fields, labels)


def _declare_attaching(screen: Screen) -> None:
    """Declare the actions of tabs in which rows are attached and detached."""
    for rows in screen.tabs:
        if rows.attach and issubclass(screen.model, Entity):
            try:
                attaching.declare(screen.model, rows.name)
            except LookupError as error:
                where = f"{place_of(type(screen))}{type(screen).__name__}"
                raise DeclarationError(f"{where}: {error}") from None


def areas() -> list[ModuleType]:
    """Return the packages of `backoffice/` that a server needs: all but those in ASIDE."""
    packages = [module.name for module in iter_modules(backoffice.__path__) if module.ispkg]
    return [import_module(f"backoffice.{name}") for name in packages if name not in ASIDE]


def screens(companies: tuple[str, ...] = ()) -> list[type[Screen]]:
    """Return the screens declared in the files of views/admin/, and of the packages that join."""
    found: dict[type[Screen], None] = {}  # in order and without repeats, for modules import others
    joined = [module for name in companies for module in apps.modules(name, "screens")]
    for module in [*modules_of(views.admin), *joined]:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Screen) and hasattr(value, "model"):
                found[value] = None
    return list(found)


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Import and return every module directly in the package.

    Packages in it, such as the demo, are no part of a server.
    """
    names = [module.name for module in iter_modules(package.__path__) if not module.ispkg]
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _area(screen: Screen) -> int:
    category = str(screen.category)
    return AREAS.index(category) if category in AREAS else len(AREAS)
