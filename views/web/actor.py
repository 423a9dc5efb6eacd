"""Find out who is asking: the session cookie becomes an Actor, or nobody."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager

from backoffice.auth import admission, last_seen, networks, sessions
from backoffice.auth.actors import actor_of
from backoffice.auth.attempts import Origin
from backoffice.data import records
from backoffice.database import only_read
from backoffice.errors import NotAllowed, OnlyViewing
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.people import viewing
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from backoffice.text import without_invisible
from backoffice.transactions import is_writing, lock

SESSION_KEY = "sid"
WRITES_NO_ROW = "writes_no_row"
LEAVE = "leave_view"  # the endpoint that ends viewing as somebody else
READ_ONLY: str = _l(
    "You view these pages as somebody else, so nothing can be changed or downloaded. "
    "Leave first, and do it as yourself."
)
View = TypeVar("View", bound=Callable[..., Any])
MARK = re.compile(r"[\w-]{32}", re.ASCII)  # what a completed sign-in puts into the device's cookie
login_manager = LoginManager()
# It compares addresses and user agents, which may rightly change; our sessions are rows.
login_manager.session_protection = None


def actor() -> Actor | None:
    """Return the signed-in person, or None.

    In a request that may write, the person is read and locked in the current transaction: person,
    session and groups cannot change until it ends, and after a commit or a rollback they are read
    again. So a right that was lost in between counts as lost. Locks are taken in the order person,
    session, groups; what the request is about comes after them.

    A person who views as somebody else is that person with `viewed_by`, and can only read. Raises
    OnlyViewing in any other request.
    """
    if "actor" not in g or _is_past():
        g.actor = _read()
        g.actor_read_in = db.session().get_transaction()
        if g.actor and g.actor.viewed_by:
            _keep_to_reading()
    current: Actor | None = g.actor
    return current


def _keep_to_reading() -> None:
    """Refuse a request that may write, and have the database refuse what writes nevertheless."""
    if request.endpoint == LEAVE:
        return
    if is_writing():
        raise OnlyViewing(READ_ONLY, code=viewing.CHANGING)
    only_read(db.session.connection())


def signed_in() -> Actor:
    """Return the signed-in person, on pages that nobody else reaches.

    Raises NotAllowed for a person who was signed out or blocked since the request began.
    """
    current = actor()
    if current is None:
        raise NotAllowed(
            _("You were signed out meanwhile. Nothing was changed; sign in and try again.")
        )
    return current


def asking() -> Actor | None:
    """Return the actor as last read, without reading anything.

    It is for what only tells about the request, such as the page of an error.
    """
    last_read: Actor | None = g.get("actor")
    return last_read


def only_showing() -> None:
    """Keep the actor as it is: this request writes nothing more and only shows a page."""
    g.actor_is_kept = True


def _is_past() -> bool:
    """Tell whether the actor was read in another transaction than the current one."""
    if "actor_is_kept" in g or not is_writing():
        return False
    return g.actor_read_in is not db.session().get_transaction()


def device_cookie() -> str:
    """Return the name of the lasting cookie that tells a known device.

    Under TLS its prefix `__Host-` keeps other hosts of the domain from setting it.
    """
    return "__Host-device" if configured().tls else "device"


def origin() -> Origin:
    """Return where the request comes from; a device's mark that is not one of ours is left out."""
    mark = request.cookies.get(device_cookie(), "")
    if not MARK.fullmatch(mark):
        mark = ""
    return Origin(_address(), without_invisible(request.user_agent.string), mark)


def _address() -> str:
    """Return the visitor's address in canonical form, without what a proxy added, or ''."""
    return networks.plain(request.remote_addr or "")


@login_manager.request_loader
def _load(_request: object) -> Actor | None:
    return actor()


def _read() -> Actor | None:
    value = session.get(SESSION_KEY, "")
    if not isinstance(value, str) or not value:
        return None
    # The note commits a transaction of its own, so it must not end one that is going on.
    may_note = not db.session().in_transaction()
    found = _admitted(value)
    if may_note and _noted(value, found):
        found = _admitted(value)
    if is_writing():
        _lock_first()
        found = _admitted(value, locked=True)
    if found is None:
        return None
    row, user = found
    who = actor_of(
        user,
        configured(),
        confirmed=sessions.confirmed(row, configured()),
        ip=_address(),
        request_id=g.request_id,
        session_id=row.id,
    )
    return _as_viewed(who, row) if row.viewing_id else who


def _as_viewed(who: Actor, row: Session) -> Actor:
    """Return the person as whom they view, or themselves once that is over."""
    g.actor = who  # in whose language texts are written meanwhile
    as_person = viewing.viewed(who, row, configured())
    g.viewing_is_over = as_person is None
    return as_person or who


def writes_no_row(view: View) -> View:
    """Mark a view of a screen that writes no row of it, such as one that only plans an action."""
    setattr(view, WRITES_NO_ROW, True)
    return view


def _lock_first() -> None:
    """Take the lock that belongs to the rows of this screen, before person and session are locked.

    Two people who write the same kind of rows may write each other's, so this lock goes first.
    A view that writes none of them takes no lock, see `writes_no_row`.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if hasattr(view, WRITES_NO_ROW):
        return
    screens = current_app.extensions["screens"]
    model = next((s.model for s in screens if s.endpoint == request.blueprint), None)
    if model is None:
        return
    name = records.first_lock(model)
    if name:
        lock(name)


def _admitted(value: str, *, locked: bool = False) -> tuple[Session, User] | None:
    """Return the live session with the browser's value, and its person.

    Return None if there is none, or if the person's whitelist does not admit the visitor. `locked`
    locks both rows.
    """
    found = sessions.find(value, configured(), locked=locked)
    if not found:
        return None
    _row, user = found
    return found if admission.is_admitted(user, _address()) else None


def _noted(value: str, found: tuple[Session, User] | None) -> bool:
    """Note in its own transaction that the session is in use; tell whether to read it again."""
    if found is None:
        return last_seen.catch_up(value, configured())
    return last_seen.record(found[0], configured())
