"""The actions that people may run on rows, one module for each topic.

The modules are found without registration.
"""

from importlib import import_module
from pkgutil import iter_modules


def discover() -> None:
    """Import every module of this package, which registers the actions declared there."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    # Last, because entities with a Delete of their own must have declared it by now. Those of a
    # company are found later: `views.screen.discovery` calls it again.
    import_module(f"{__name__}.deletion").declare_missing()


discover()
