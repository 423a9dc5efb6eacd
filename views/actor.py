"""Who is asking: the session cookie becomes an Actor, or nobody."""

import re

from flask import current_app, g, request, session
from flask_login import LoginManager, current_user
from sqlalchemy.exc import OperationalError

from backoffice.extensions import db
from backoffice.policy.actor import Actor
from backoffice.services import addresses, sessions
from backoffice.services.actors import actor_of
from backoffice.services.attempts import From
from backoffice.settings import Settings
from backoffice.text import cleaned

SESSION_KEY = "sid"
MARK = re.compile(r"[\w-]{32}", re.ASCII)  # what a completed sign-in puts into the device's cookie
login_manager = LoginManager()
login_manager.session_protection = None  # it compares addresses and agents that rightly change; sessions are rows


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["settings"]
    return found


def actor() -> Actor | None:
    """The signed-in person, or None."""
    return current_user._get_current_object() if current_user.is_authenticated else None  # noqa: SLF001  # the proxy's public way


def signed_in() -> Actor:
    """The signed-in person, on pages that nobody else reaches."""
    found = actor()
    if found is None:
        raise LookupError("this page is behind the sign-in")
    return found


def device_cookie() -> str:
    """The name of the cookie that lasts and tells a known device; nobody else on the domain can set one like it."""
    return "__Host-device" if settings().tls else "device"


def origin() -> From:
    """Where the request comes from. A mark that is not one of ours is none."""
    mark = request.cookies.get(device_cookie(), "")
    return From(_address(), cleaned(request.user_agent.string), mark if MARK.fullmatch(mark) else "")


def _address() -> str:
    """The visitor's address in its one form, whatever a proxy added to it; '' where it is none."""
    return addresses.plain(request.remote_addr or "")


@login_manager.request_loader
def _load(_request: object) -> Actor | None:
    value = session.get(SESSION_KEY, "")
    found = sessions.find(value, settings()) if isinstance(value, str) and value else None
    if found is None or not addresses.admits(found[1].ip_whitelist, _address()):
        return None
    row, user = found
    if sessions.seen(row):
        _write_down()
    here = {"ip": _address(), "request_id": g.request_id, "session_id": row.id}
    return actor_of(user, settings(), confirmed=sessions.confirmed(row, settings()), **here)


def _write_down() -> None:
    """Commit at once: whatever the request does next has a transaction of its own."""
    try:
        db.session.commit()
    except OperationalError:  # SQLite: another writer came between; the next request writes it down
        db.session.rollback()
