"""Lead to downloads: the link to a file gives that file, or a page, but never a page as a file.

A person who has to sign in or to confirm first is on a page then, and a browser that is redirected
to a file stays on that page. So it is redirected to the page that offers the file.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, flash, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

View = TypeVar("View", bound=Callable[..., Any])
PAGE = "offered_on"
CACHING = "says_caching"


def offered_on(page: str) -> Callable[[View], View]:
    """Decorate a view that returns a file, which the screen's `page` offers."""

    def mark(view: View) -> View:
        setattr(view, PAGE, page)
        return view

    return mark


def is_download(endpoint: str | None) -> bool:
    """Return whether the endpoint returns a file, see `offered_on`."""
    return hasattr(current_app.view_functions.get(endpoint or ""), PAGE)


def with_caching(view: View) -> View:
    """Decorate a view that says itself whether a browser may keep its answer."""
    setattr(view, CACHING, True)
    return view


def says_caching(endpoint: str | None) -> bool:
    """Return whether the endpoint says whether a browser may keep its answer."""
    return hasattr(current_app.view_functions.get(endpoint or ""), CACHING)


def page_of(path: str) -> str | None:
    """Return the page that offers the file at `path`, with the same query.

    Return None if there is no file at `path`.
    """
    parts = urlsplit(path)
    try:
        endpoint, values = current_app.url_map.bind("").match(parts.path, method="GET")
    except HTTPException:
        return None
    page = getattr(current_app.view_functions[endpoint], PAGE, None)
    if page is None:
        return None
    target = f"{endpoint.rpartition('.')[0]}.{page}"
    (rule,) = current_app.url_map.iter_rules(target)
    href = url_for(target, **{name: values[name] for name in rule.arguments})
    return f"{href}?{parts.query}" if parts.query else href


def offer(path: str) -> None:
    """Flash that the file at `path` can be downloaded now."""
    links = [{"label": _("Download the file"), "href": path}]
    message = {"text": _("You have shown that it is you."), "links": links}
    flash(message, "success")  # type: ignore[arg-type]  # Flask takes what JSON takes
