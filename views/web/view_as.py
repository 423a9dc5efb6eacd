"""Keep people who view as somebody else to reading, and remind them of it on every page."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import current_app, flash, g, redirect, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.actions.engine import report
from backoffice.errors import Expired, OnlyViewing
from backoffice.extensions import db
from backoffice.http import READING_METHODS
from backoffice.people import viewing
from backoffice.policy.actor import Actor
from backoffice.transactions import begin
from views.web import reader, unsent
from views.web.actor import READ_ONLY, actor
from views.web.answers import Answer

View = TypeVar("View", bound=Callable[..., Any])
REFUSED = "not_while_viewing"
CONFIRMATION: str = _l(
    "People who open this page confirm first who they are, and only they can. So it is not shown "
    "to you: leave first, and open it as yourself."
)


@dataclass(frozen=True)
class Banner:
    """What stands on every page, in the language of the person who really reads it."""

    text: str
    leave: str


def not_while_viewing(view: View) -> View:
    """Mark a view that only its own person may open.

    It downloads, shows or uses up a secret, or is about where that person is signed in.
    """
    return refused_because(READ_ONLY)(view)


def refused_because(why: str) -> Callable[[View], View]:
    """Mark such a view, and say why those who view as its person do not get it."""

    def mark(view: View) -> View:
        setattr(view, REFUSED, why)
        return view

    return mark


def check(*, is_open: bool) -> Answer | None:
    """Refuse what is not reading while somebody views as another person.

    The first request after that is over ends it: a page is shown anew, and a form that was sent is
    refused, because it was drawn for the other person. `is_open` says that the page is for
    everybody, signed in or not.
    """
    reads = request.method in READING_METHODS
    if is_open and reads:
        return None
    who = actor()
    if who and g.get("viewing_is_over"):
        return _ended(who, reads=reads)
    if who and who.viewed_by and (why := _refusal(request.endpoint)):
        raise OnlyViewing(why, code=viewing.CHANGING)
    if is_open:
        db.session.rollback()  # it locks what it needs itself
    return None


def _refusal(endpoint: str | None) -> str:
    """Return why the page is only for its own person, or ''."""
    return getattr(current_app.view_functions.get(endpoint or ""), REFUSED, "")


def _ended(who: Actor, *, reads: bool) -> Answer:
    begin(writing=True)
    reason = viewing.end(actor=who)
    db.session.commit()
    renew_forms()
    message = _(
        "Viewing as another person has ended %(why)s. You are yourself again.",
        why=report.reason(reason),
    )
    if not reads:
        raise Expired(f"{message} {_('Nothing was done.')}")
    flash(message, "info")
    return redirect(request.full_path.rstrip("?"), HTTPStatus.SEE_OTHER)


def renew_forms() -> None:
    """Let no form that was drawn until now be sent: it was drawn for another person."""
    session.pop(unsent.TOKEN, None)
    g.pop(unsent.TOKEN, None)


def banner(who: Actor | None) -> Banner | None:
    """Return what every page says to somebody who views as another person."""
    if who is None or who.viewed_by is None:
        return None
    with reader.speaking_to(who):
        text = _(
            "You view these pages as %(person)s. Nothing can be changed.",
            person=who.name or who.label,
        )
        return Banner(text, leave=_("Leave"))
