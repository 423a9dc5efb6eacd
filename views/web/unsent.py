"""Keep a form that arrives after its session has ended.

Its person signs in again and sees what they typed; nobody else does.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from backoffice.auth import unsent_forms
from backoffice.extensions import db
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from backoffice.text import is_id
from forms import base as forms
from forms.event_comment import CommentForm
from forms.saved_view import SavedViewForm
from views.web import redirects

TOKEN = "csrf_token"  # Flask-WTF's name of the field, and of the key in the browser's session
OF_VIEW = "view"  # in place of a person's number
SALT = "wtf-csrf-token"  # Flask-WTF's; it signs the tokens
OLDEST = 7 * 24 * 3600  # seconds; a form that was open for longer belongs to nobody
PARAMETER = "unsent"


@dataclass(frozen=True)
class Sent:
    """A form that was sent.

    `address` is where it was sent, `fields` what of it may be kept, and `page` the page to lead
    back to. `shows` says that this page is the form's own, which can show what was typed.
    """

    address: str
    fields: list[tuple[str, str]]
    page: str
    shows: bool


def mark(who: Actor) -> None:
    """Put the person's number into the tokens of the forms drawn from now on; they are signed.

    While somebody views as another person, the tokens say that instead.
    """
    whose = OF_VIEW if who.viewed_by else who.user_id
    session.setdefault(TOKEN, f"{secrets.token_hex(20)}.{whose}")


def drawn_for() -> int | None:
    """Return the number of the person for whom the sent form was drawn.

    Return None if its token names nobody, or if another site sent it.
    """
    number = _marked()
    return int(number) if is_id(number) else None


def is_of_view() -> bool:
    """Tell whether the sent form was drawn while somebody viewed as another person."""
    return _marked() == OF_VIEW


def _marked() -> str:
    """Return what `mark` put into the token of the sent form, or '' if it is none of ours."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return ""
    signer = URLSafeTimedSerializer(current_app.secret_key or "", salt=SALT)
    try:
        token = str(signer.loads(request.form.get(TOKEN, ""), max_age=OLDEST))
    except BadData:
        return ""
    return token.partition(".")[2]


def rescue(whose: int) -> tuple[str, bool]:
    """Keep what was sent for the person for whom it was drawn, and commit.

    Return the address that leads them back to it, and whether something is shown there again.
    """
    db.session.rollback()
    sent = _sent()
    handle = None
    if sent.shows and sent.fields:
        handle = unsent_forms.store(
            user_id=whose, url=sent.address, fields=sent.fields, settings=configured()
        )
        db.session.commit()
    if handle is None:
        return sent.page, False
    return url_for("account.unsent", handle=handle), True


def to_sign_in() -> Response:
    """Redirect to the sign-in, which leads back to what was sent."""
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
    """Redirect a signed-in person back to what they sent from a page of an earlier session."""
    back, shows = rescue(whose)
    if not shows:
        message = _(
            "This page was opened before you signed in, so nothing was done. Please do it again."
        )
        flash(message, "warning")
    return _see(back)


def lead_back(who: Actor, handle: str) -> Response:
    """Redirect to the page of a form that was kept, or home if nothing of this person's was."""
    kept = unsent_forms.find(actor=who, handle=handle, settings=configured())
    if kept is None:
        return _see(url_for("home"))
    path, _mark, query = kept.url.partition("?")
    address = f"{path}?{PARAMETER}={handle}"
    if query:
        address += f"&{query}"
    return _see(address)


def show(who: Actor) -> None:
    """Fill the form of the requested page with what was kept of it."""
    handle = request.args.get(PARAMETER)
    if not handle or request.method != "GET":
        return
    kept = unsent_forms.find(actor=who, handle=handle, settings=configured())
    if kept and urlsplit(kept.url).path == request.path:
        forms.typed_before.set(MultiDict(kept.fields))
        message = _(
            "You were signed out, so nothing was done. "
            "Here is what you typed: look it over and send it again."
        )
        flash(message, "warning")


def forget() -> None:
    """Forget what was typed, at the end of the request: the next one is somebody else's."""
    forms.typed_before.set(None)


def version(present: int) -> int | None:
    """Return the version for which the form is drawn.

    It is the row's present one, or the earlier one of a form that is shown again.
    """
    before = forms.typed_before.get()
    if before is None:
        return present
    return before.get("version", type=int)


def _see(address: str) -> Response:
    return redirect(address, HTTPStatus.SEE_OTHER)


def _sent() -> Sent:
    address = redirects.sent_to()
    endpoint = redirects.endpoint_of(address, "POST")
    if redirects.own_page() is None:
        page = redirects.referrer() if endpoint is not None else address
        return Sent(address, [], page, shows=False)
    names = _keepable(endpoint or "")
    fields = [pair for pair in request.form.items(multi=True) if pair[0] in names]
    return Sent(address, fields, address, shows=True)


def _keepable(endpoint: str) -> set[str]:
    """Return the names of the fields that may be kept: known ones that hold no secret."""
    area = endpoint.rpartition(".")[0]
    screens = current_app.extensions["screens"]
    screen = next((each for each in screens if each.endpoint == area), None)
    known = {"version"}
    if screen is None:
        classes = list(_declared(forms.Form))
    else:
        classes = [SavedViewForm, CommentForm, *([screen.form] if screen.form else [])]
        known.update(screen.form_columns)
    secrets_of_forms = set()
    for form in classes:
        known.update(form.names())
        secrets_of_forms.update(form.secrets())
    return known - secrets_of_forms


def _declared(form: type[forms.Form]) -> Iterator[type[forms.Form]]:
    """Yield every form that is declared as a class, and not made for one request."""
    for each in form.__subclasses__():
        if each.__module__.startswith("forms."):
            yield each
        yield from _declared(each)
