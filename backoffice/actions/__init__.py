"""The set operations that people may ask for; one file per entity, found without registration."""

from importlib import import_module
from pkgutil import iter_modules


def discover() -> None:
    """Import every file beside this one, so that each action declared there is known."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    import_module(f"{__name__}.deletion").declare_missing()


discover()
