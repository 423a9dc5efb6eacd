"""Join packages of a company: what lies in their folders counts because it is there.

`BACKOFFICE_APPS=acme` names packages that Python finds. Whatever a package lacks, it goes without:

models, policy, actions, screens, figures, jobs   packages, of which every module is imported
templates, translations, migrations               folders
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from flask import Flask

from backoffice.settings import Settings, refuse

GROUP = "backoffice.apps"  # the entry points by which an installed package joins by itself
# What is imported at the start, in this order; the other packages are asked for by `modules`.
IMPORTED = ("models", "policy", "actions")
_after_models: list[Callable[[Settings], None]] = []


def after_models(act: Callable[[Settings], None]) -> Callable[[Settings], None]:
    """Decorate a function that is called when the models of all packages are imported.

    It has done its work before what names their columns is imported.
    """
    _after_models.append(act)
    return act


def names(settings: Settings) -> tuple[str, ...]:
    """Return the names of the packages: those of the setting, or else all that are installed."""
    if settings.backoffice_apps:
        return settings.backoffice_apps
    return tuple(sorted({entry.value for entry in entry_points(group=GROUP)}))


def join(app: Flask) -> None:
    """Import the packages, and keep their names with the app.

    Raises SettingsError if there is none of this name; what goes wrong inside of one is raised as
    it is.
    """
    found = names(app.extensions["settings"])
    missing = [name for name in found if not _is_found(name)]
    if missing:
        refuse(
            [
                f"BACKOFFICE_APPS names {name!r}, which Python does not find: install it, or put "
                "the folder that contains it on PYTHONPATH."
                for name in missing
            ]
        )
    for part in IMPORTED:
        for name in found:
            modules(name, part)
        for act in _after_models if part == "models" else ():
            act(app.extensions["settings"])
    app.extensions["apps"] = found


def _is_found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # of a part of the name, or of what is no name
        return False


def modules(name: str, part: str) -> list[ModuleType]:
    """Import and return every module directly in one part of a package."""
    if find_spec(f"{name}.{part}") is None:
        return []
    package = import_module(f"{name}.{part}")
    return [
        import_module(f"{package.__name__}.{each.name}") for each in iter_modules(package.__path__)
    ]


def folders(found: tuple[str, ...], part: str) -> list[Path]:
    """Return the folders of this name in the packages that have one."""
    paths = [folder(name) / part for name in found]
    return [path for path in paths if path.is_dir()]


def folder(name: str) -> Path:
    """Return the folder of a package."""
    return Path(str(import_module(name).__file__)).parent


def is_checkout() -> bool:
    """Return whether this is the repository of the product, and no installed copy of it."""
    return (Path(__file__).parents[1] / "pyproject.toml").exists()
