"""Pages of a screen's own: each of them says who may open it, or the product does not start."""

from collections.abc import Callable, Iterator
from inspect import unwrap
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
PERMISSION = "required_permission"  # the attribute of a page
MACHINERY = "views.screen."


def permission_required(code: str) -> Callable[[View], View]:
    """Decorate an exposed page that is for those with this permission, such as `depots.edit`."""

    def mark(view: View) -> View:
        setattr(view, PERMISSION, code)
        return view

    return mark


def no_permission_required(_reason: str) -> Callable[[View], View]:
    """Decorate an exposed page that is for everybody who has signed in, and say why it may be."""
    return permission_required("")


def permission_of(screen: type, page: str) -> str | None:
    """Return the permission that a page names, '' if it needs none, or None if it names none."""
    return getattr(getattr(screen, page, None), PERMISSION, None)


def own_pages(screen: type) -> Iterator[tuple[str, str]]:
    """Yield the name of every page that screens do not have anyway, with its file and line."""
    shared = {
        name
        for base in screen.__mro__
        if base.__module__.startswith(MACHINERY)
        for _path, name, _methods in vars(base).get("_urls", ())
    }
    for name in sorted({name for _path, name, _methods in vars(screen)["_urls"]} - shared):
        code = unwrap(getattr(screen, name)).__code__
        yield name, f"{code.co_filename}:{code.co_firstlineno}"
