"""The entities, one per file; importing the package maps them all."""

from importlib import import_module
from pkgutil import iter_modules

from backoffice.models import personal

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
personal.check()
