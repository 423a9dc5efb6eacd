"""A form that arrives after its session had ended is not lost.

Its person signs in again, and sees what they typed: nobody else does.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from backoffice.auth import unsent_forms
from backoffice.extensions import db
from backoffice.policy.actor import Actor
from backoffice.text import is_id
from forms import base as forms
from views.web import redirects
from views.web.actor import settings

TOKEN = "csrf_token"  # the name of the field and of the browser's session's key, Flask-WTF's
SALT = "wtf-csrf-token"  # Flask-WTF's; it signs the tokens
OLDEST = 7 * 24 * 3600  # seconds; a form that was open for longer is nobody's
PARAMETER = "unsent"


@dataclass(frozen=True)
class Sent:
    """The form that was sent: where to, what of it may be kept, and the page to lead back to.

    `shows` says that the page is the form's own, so that it can show what was typed.
    """

    address: str
    fields: list[tuple[str, str]]
    page: str
    shows: bool


def mark(who: Actor) -> None:
    """Have the tokens of the forms to come say whom they are drawn for; they are signed."""
    session.setdefault(TOKEN, f"{secrets.token_hex(20)}.{who.user_id}")


def drawn_for() -> int | None:
    """The number of the person whom the sent form was drawn for.

    None where its token tells nobody, and where another site sent it.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return None
    signer = URLSafeTimedSerializer(current_app.secret_key or "", salt=SALT)
    try:
        token = str(signer.loads(request.form.get(TOKEN, ""), max_age=OLDEST))
    except BadData:
        return None
    number = token.partition(".")[2]
    return int(number) if is_id(number) else None


def rescue(whose: int) -> tuple[str, bool]:
    """Keep what was sent for the person it was drawn for, and commit.

    Answers the address that leads them back to it, and whether something is shown there again.
    """
    db.session.rollback()
    sent = _sent()
    handle = None
    if sent.shows and sent.fields:
        handle = unsent_forms.keep(
            user_id=whose, address=sent.address, fields=sent.fields, settings=settings()
        )
        db.session.commit()
    if handle is None:
        return sent.page, False
    return url_for("account.unsent", handle=handle), True


def to_sign_in() -> Response:
    """Lead to the sign-in, and from there back to what was sent."""
    whose = drawn_for()
    if whose is None:
        return _see(url_for("sign_in"))
    back, _shown = rescue(whose)
    flash(
        _("You were signed out, so nothing was done. Sign in again to go on where you were."),
        "warning",
    )
    return _see(url_for("sign_in", next=back))


def again(whose: int) -> Response:
    """Lead the person who is signed in back to what they sent from a page of before."""
    back, shows = rescue(whose)
    if not shows:
        flash(
            _(
                "This page was opened before you signed in, so nothing was done. Please do it again."
            ),
            "warning",
        )
    return _see(back)


def lead_back(who: Actor, handle: str) -> Response:
    """The page of a form that was kept; home where there is nothing of this person's."""
    found = unsent_forms.find(actor=who, handle=handle, settings=settings())
    if found is None:
        return _see(url_for("home"))
    path, _mark, query = found.address.partition("?")
    return _see(f"{path}?{PARAMETER}={handle}" + (f"&{query}" if query else ""))


def show(who: Actor) -> None:
    """Have the form of the page that is asked for show what was kept of it."""
    handle = request.args.get(PARAMETER)
    if not handle or request.method != "GET":
        return
    found = unsent_forms.find(actor=who, handle=handle, settings=settings())
    if found and urlsplit(found.address).path == request.path:
        forms.typed_before.set(MultiDict(found.fields))
        flash(_("You were signed out, so nothing was done. Here is what you typed: look it over and send it again."),
              "warning")  # fmt: skip


def forget() -> None:
    """At the end of the request: the next one in this thread is somebody else's."""
    forms.typed_before.set(None)


def version(present: int) -> int | None:
    """The version that the form is drawn for: the row's, or that of a form that is shown again."""
    before = forms.typed_before.get()
    return present if before is None else before.get("version", type=int)


def _see(address: str) -> Any:
    return redirect(address, HTTPStatus.SEE_OTHER)


def _sent() -> Sent:
    address = redirects.sent_to()
    if redirects.own_page() is None:
        known = redirects.endpoint_of(address, "POST") is not None
        return Sent(address, [], redirects.referrer() if known else address, shows=False)
    names = _keepable(redirects.endpoint_of(address, "POST") or "")
    fields = [pair for pair in request.form.items(multi=True) if pair[0] in names]
    return Sent(address, fields, address, shows=True)


def _keepable(endpoint: str) -> set[str]:
    """The names of what may be kept: of fields that we know and that hold no secret."""
    screens = current_app.extensions["screens"]
    screen = next((each for each in screens if each.endpoint == endpoint.rpartition(".")[0]), None)
    classes = (
        list(_declared(forms.Form)) if screen is None else [screen.form] if screen.form else []
    )
    known = {name for each in classes for name in each.names()} | set(
        screen.form_columns if screen else ()
    )
    secret = {name for each in classes for name in each.secrets()}
    return (known | {"version"}) - secret


def _declared(form: type[forms.Form]) -> Iterator[type[forms.Form]]:
    """Every form that is written down as a class, and not made for one request."""
    for each in form.__subclasses__():
        if each.__module__.startswith("forms."):
            yield each
        yield from _declared(each)
