"""Who is asking: the session cookie becomes an Actor, or nobody."""

import re

from flask import current_app, g, request, session
from flask_login import LoginManager

from backoffice.auth import last_seen, networks, sessions
from backoffice.auth.actors import actor_of
from backoffice.auth.attempts import Origin
from backoffice.data import records
from backoffice.errors import NotAllowed
from backoffice.extensions import db, is_writing, lock
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import cleaned

SESSION_KEY = "sid"
MARK = re.compile(r"[\w-]{32}", re.ASCII)  # what a completed sign-in puts into the device's cookie
login_manager = LoginManager()
login_manager.session_protection = (
    None  # it compares addresses and agents that rightly change; sessions are rows
)


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["settings"]
    return found


def actor() -> Actor | None:
    """The signed-in person, or None.

    Where the request may write, they are who they are in the transaction that goes on now: person, session and groups
    stay as they are until it ends, and after a commit or a rollback they are read anew. So whoever lost a right in
    between has lost it. The order is person, session, groups; then what the request is about.
    """
    if "actor" not in g or _is_past():
        g.actor = _read()
        g.actor_read_in = db.session().get_transaction()
    found: Actor | None = g.actor
    return found


def signed_in() -> Actor:
    """The signed-in person, on pages that nobody else reaches.

    Raises NotAllowed for whoever was signed out or blocked since the request began.
    """
    found = actor()
    if found is None:
        raise NotAllowed(
            "You were signed out meanwhile. Nothing was changed; sign in and try again."
        )
    return found


def asking() -> Actor | None:
    """Who asked, as last read: for what only tells of the request, such as the page of an error, and reads nothing."""
    found: Actor | None = g.get("actor")
    return found


def only_showing() -> None:
    """Nothing more is written by this request: whoever asks need not be read again for the page that answers."""
    g.actor_is_kept = True


def _is_past() -> bool:
    if "actor_is_kept" in g or not is_writing():
        return False
    return g.actor_read_in is not db.session().get_transaction()


def device_cookie() -> str:
    """The name of the cookie that lasts and tells a known device; nobody else on the domain can set one like it."""
    return "__Host-device" if settings().tls else "device"


def origin() -> Origin:
    """Where the request comes from. A mark that is not one of ours is none."""
    mark = request.cookies.get(device_cookie(), "")
    return Origin(
        _address(), cleaned(request.user_agent.string), mark if MARK.fullmatch(mark) else ""
    )


def _address() -> str:
    """The visitor's address in its one form, whatever a proxy added to it; '' where it is none."""
    return networks.plain(request.remote_addr or "")


@login_manager.request_loader
def _load(_request: object) -> Actor | None:
    return actor()


def _read() -> Actor | None:
    value = session.get(SESSION_KEY, "")
    if not isinstance(value, str) or not value:
        return None
    begins = not db.session().in_transaction()  # else there is something that the note must not end
    found = _admitted(value)
    if begins and _noted(value, found):
        found = _admitted(value)
    if is_writing():
        _lock_first()
        found = _admitted(value, held=True)
    if found is None:
        return None
    row, user = found
    here = {"ip": _address(), "request_id": g.request_id, "session_id": row.id}
    return actor_of(user, settings(), confirmed=sessions.confirmed(row, settings()), **here)


def _lock_first() -> None:
    """Two people who write the same kind of rows may write each other's: so the lock of the kind goes before both.

    To plan an action, which its preview then runs, writes nobody's.
    """
    if (request.endpoint or "").endswith(".act"):
        return
    model = next(
        (s.model for s in current_app.extensions["screens"] if s.endpoint == request.blueprint),
        None,
    )
    if model is not None and (name := records.first_lock(model)):
        lock(name)


def _admitted(value: str, *, held: bool = False) -> tuple[Session, User] | None:
    """The live session behind the browser's value, and its person, where their whitelist lets the visitor in."""
    found = sessions.find(value, settings(), held=held)
    return found if found and networks.admits(found[1].ip_whitelist, _address()) else None


def _noted(value: str, found: tuple[Session, User] | None) -> bool:
    """Whether it was written down that the session is in use, in a transaction of its own."""
    if found is None:
        return last_seen.catch_up(value, settings())
    return last_seen.note(found[0], settings())
