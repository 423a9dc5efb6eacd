"""Sign in with a password and a second factor, and sign out."""

from http import HTTPStatus
from typing import Any

from flask import (
    Flask,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from backoffice.auth import challenges, sessions
from backoffice.auth.sign_in import SignIn, second_factor, sign_in
from backoffice.errors import Expired, NotFound, TooMany
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import configured
from backoffice.text import N_, duration
from forms.account import CodeForm, SignInForm
from views.account import opened, somebody_else
from views.web.actor import SESSION_KEY, actor, device_cookie, origin
from views.web.answers import Answer
from views.web.redirects import safe_path

LONGEST_BACK = 2000  # characters of an address: servers read a first line of 4 KB or so
DEVICE_KEPT = 400 * 24 * 3600  # seconds; browsers keep no cookie longer


def register(app: Flask) -> None:
    """Add the addresses, which other software relies on."""
    app.add_url_rule("/sign-in", "sign_in", sign_in_page, methods=["GET", "POST"])
    app.add_url_rule("/sign-in/code/<handle>", "sign_in_code", code_page, methods=["GET", "POST"])
    app.add_url_rule(
        "/sign-in/code/<handle>/again", "sign_in_code_again", send_again, methods=["POST"]
    )
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


def sign_in_page() -> Answer:
    """Ask for address and password; the answer is the same for everyone who is refused."""
    form = SignInForm(request.form)
    back = _back()
    if request.method != "POST":
        return redirect(back) if actor() else _form(form, back)
    if not form.validate():
        return _form(form, back, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    result = sign_in(
        identifier=form.identifier.data or "",
        password=form.password.data or "",
        origin=origin(),
        settings=configured(),
    )
    if result.session or result.challenge:
        _leave(N_("signed in anew"))
    db.session.commit()
    if result.session:
        return _enter(result, back)
    if result.challenge:
        return _ask_for_code(result.challenge, back)
    return _refused(_form(form, back, message=result.message), result)


def _ask_for_code(challenge: str, back: str) -> Answer:
    """Redirect to the page of the second factor.

    Nothing stays of the person who was signed in here. If nobody was, forms in other tabs keep
    their token.
    """
    opened.begin_anew(() if SESSION_KEY in session else ("csrf_token",))
    href = url_for("sign_in_code", handle=opened.hold(challenge), **_next(back))
    return redirect(href, HTTPStatus.SEE_OTHER)


def code_page(handle: str) -> Answer:
    """Ask for the second factor of one sign-in.

    A person who comes here without a right password is sent back to the beginning.
    """
    form = CodeForm(request.form)
    back = _back()
    try:
        value = opened.held(handle)
        user = challenges.owner(value, origin())
    except (NotFound, Expired):
        return redirect(back) if actor() else _anew(challenges.OVER)
    asked = somebody_else.ask(user)
    if asked:
        return asked
    if actor():
        return redirect(back)
    return _second_step(form, handle, value, user, back)


def _second_step(form: CodeForm, handle: str, value: str, user: User, back: str) -> Answer:
    if request.method != "POST" or not form.validate():
        return _code_form(form, handle, value, user)
    try:
        result = second_factor(
            challenge=value, code=form.code.data or "", origin=origin(), settings=configured()
        )
        db.session.commit()
    except Expired as error:
        return _anew(error.message)
    if result.session is None:
        return _refused(_code_form(form, handle, value, user, message=result.message), result)
    opened.drop(handle)
    return _enter(result, back)


def send_again(handle: str) -> Answer:
    """Mail another code, which replaces the last one."""
    try:
        sent = challenges.send_again(opened.held(handle), origin(), configured())
        db.session.commit()
    except (NotFound, Expired):
        return _anew(challenges.OVER)
    except TooMany as error:
        db.session.rollback()
        flash(error.message, "warning")
    else:
        if sent:
            flash(_("A new code is on its way. The one before no longer works."), "success")
    return redirect(url_for("sign_in_code", handle=handle, **_next(_back())), HTTPStatus.SEE_OTHER)


def sign_out() -> Answer:
    """End the session in the browser and in the table.

    A person who signs out to go on with a link is redirected to it.
    """
    _leave(N_("signed out"))
    db.session.commit()
    next_page = request.form.get("next")
    if next_page:
        opened.begin_anew()
        return redirect(safe_path(next_page), HTTPStatus.SEE_OTHER)
    session.clear()
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)


def _leave(reason: str) -> None:
    """End the session of this browser, if it has one; a copy of its value is worthless then."""
    who = actor()
    if who and who.session_id:
        sessions.end(who.session_id, reason=reason)


def _back() -> str:
    """Return where to go on after the sign-in.

    It is sent with the form, because each tab has its own.
    """
    return safe_path(request.values.get("next"))


def _next(back: str) -> dict[str, Any]:
    if back == "/" or len(back) > LONGEST_BACK:
        return {}
    return {"next": back}


def _enter(result: SignIn, back: str) -> Response:
    """Begin the new session.

    It has nothing of the session before it, not even the CSRF token; only links that are open in
    other tabs stay.
    """
    opened.begin_anew()
    session[SESSION_KEY] = result.session
    response = make_response(redirect(back, HTTPStatus.SEE_OTHER))
    response.set_cookie(
        device_cookie(),
        result.mark,
        max_age=DEVICE_KEPT,
        secure=configured().tls,
        httponly=True,
        samesite="Lax",
    )
    return response


def _anew(message: str) -> Answer:
    db.session.rollback()
    flash(str(message), "info")
    return redirect(url_for("sign_in", **_next(_back())), HTTPStatus.SEE_OTHER)


def _refused(response: Response, result: SignIn) -> Response:
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    if result.retry_after:
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response.headers["Retry-After"] = str(result.retry_after)
    return response


def _form(
    form: SignInForm, back: str, *, message: str | None = None, status: int = HTTPStatus.OK
) -> Response:
    page = render_template("account/sign_in.html", form=form, next=back, message=message)
    return make_response(page, status)


def _code_form(
    form: CodeForm, handle: str, value: str, user: User, *, message: str | None = None
) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    page = render_template(
        "account/code.html",
        form=form,
        message=message,
        valid=duration(configured().email_code_valid),
        whose=user.email,
        method=user.two_factor,
        mailed=challenges.has_code(value),
        handle=handle,
        next=_next(_back()),
    )
    return make_response(page, status)
