"""Save views of lists, open them, and read the tabs above a list."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.saved_view import SavedView
from backoffice.models.user import User
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import hidden, read

LIST = "/admin/users/"
VIEWS = "/admin/users/views"
ACTIVE = "?status=active&sort=-created_at"


def save(client: Client, name: str, query: str = ACTIVE, **more: Any) -> Any:
    """Save a list as its page offers, and return the answer."""
    state = hidden(client.get(LIST + query), "address")
    return client.post(f"{VIEWS}/new", {"name": name, "address": state, **more})


def saved(name: str) -> SavedView:
    settle()
    return db.session.scalars(select(SavedView).where(SavedView.name == name)).one()


def tabs(client: Client, address: str) -> list[str]:
    """Return what the tabs above a list are called; the one that is open has a star."""
    answer = client.get(address, follow_redirects=True)
    bars = read(answer).all("nav", class_="view-tabs")
    return [("*" if e["aria-current"] else "") + e.text for bar in bars for e in bar.all("a")]


def asked(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def opened(client: Client, address: str) -> Any:
    """Open a view by its short address, and return where it leads to."""
    answer = client.get(address)
    assert answer.status_code == 303, answer.status_code
    return answer.location


def events_of(code: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == code).order_by(Event.id)))


def join(person: User, key: str, *, only: bool = False) -> None:
    """Put a person into a shipped group, or into it alone."""
    joined = group(key)
    person.groups = [joined] if only else [*person.groups, joined]
    settle()
