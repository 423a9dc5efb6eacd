"""Keep the secret values that pages were opened with: of mailed links and of unfinished sign-ins.

The browser's session holds the values, and the address of a page names its own by a handle. So the
value leaves the address bar after the first request, every tab keeps the value it was opened with,
and a form is sent for that value alone.
"""

from collections.abc import Iterable

from flask import session
from flask_babel import gettext as _

from backoffice.auth.sessions import digest
from backoffice.errors import NotFound

KEY = "opened"
LINKS_KEPT = 10  # of 43 characters each: a browser drops a session cookie of more than 4 KB
HANDLE = 16  # characters of the value's hash, so that one value has one handle, which tells nothing


def hold(value: str) -> str:
    """Keep a value and return its handle; the value opened longest ago may be forgotten."""
    others = [each for each in _values() if each != value]
    session[KEY] = [*others, value][-LINKS_KEPT:]
    return handle_of(value)


def held(handle: str) -> str:
    """Return the value of a handle. Raises NotFound if this browser has none."""
    for value in _values():
        if handle_of(value) == handle:
            return value
    message = _(
        "This page was opened long ago, or in another browser. Open the link in your mail again."
    )
    raise NotFound(message)


def drop(handle: str) -> None:
    """Forget a value."""
    session[KEY] = [value for value in _values() if handle_of(value) != handle]
    if not session[KEY]:
        del session[KEY]


def begin_anew(others: Iterable[str] = ()) -> None:
    """Empty the browser's session, except for what pages were opened with: other tabs go on.

    Not even the CSRF token stays. `others` are the names of what else is kept.
    """
    kept = {name: session[name] for name in (KEY, *others) if name in session}
    session.clear()
    session.update(kept)


def handle_of(value: str) -> str:
    """Return the handle that stands for the value in an address."""
    return digest(value)[:HANDLE]


def _values() -> list[str]:
    kept = session.get(KEY, ())
    if not isinstance(kept, list):
        return []
    return [value for value in kept if isinstance(value, str)]
