"""The doors and a person's own pages; one file each, found by being there."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask

from views.account.blueprint import account


def register(app: Flask) -> None:
    """Join every file beside this one: those with addresses outside /account/ have a `register` of their own."""
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "register"):
            module.register(app)
    app.register_blueprint(account)
