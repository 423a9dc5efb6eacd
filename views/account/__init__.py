"""The sign-in, the pages of mailed links, and a person's own pages; every file here is found."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask

from views.account.blueprint import account


def register(app: Flask) -> None:
    """Import every file beside this one, which adds its pages.

    A file with addresses outside /account/ has a `register` of its own.
    """
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        if hasattr(module, "register"):
            module.register(app)
    app.register_blueprint(account)
