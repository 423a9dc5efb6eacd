"""The front door: password, second factor, and out again."""

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
from backoffice.text import duration
from forms.account import CodeForm, SignInForm
from views.account import opened, somebody_else
from views.web.actor import SESSION_KEY, actor, device_cookie, origin, settings
from views.web.redirects import safe_path

LONGEST_BACK = 2000  # characters of an address: servers read a first line of 4 KB or so
DEVICE_KEPT = 400 * 24 * 3600  # seconds; browsers keep no cookie longer


def register(app: Flask) -> None:
    """The addresses that other software relies on."""
    app.add_url_rule("/sign-in", "sign_in", sign_in_page, methods=["GET", "POST"])
    app.add_url_rule("/sign-in/code/<handle>", "sign_in_code", code_page, methods=["GET", "POST"])
    app.add_url_rule(
        "/sign-in/code/<handle>/again", "sign_in_code_again", send_again, methods=["POST"]
    )
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


def sign_in_page() -> Any:
    """Ask for address and password; the answer is the same for everyone who may not in."""
    form, back = SignInForm(request.form), _back()
    if request.method != "POST":
        return redirect(back) if actor() else _form(form, back)
    if not form.validate():
        return _form(form, back, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    result = sign_in(
        identifier=form.identifier.data or "",
        password=form.password.data or "",
        origin=origin(),
        settings=settings(),
    )
    if result.session or result.challenge:
        _leave("signed in anew")
    db.session.commit()
    if result.session:
        return _enter(result, back)
    if result.challenge:
        # Of whoever was signed in here nothing stays; where nobody was, forms in other tabs keep their token.
        opened.begin_anew(() if SESSION_KEY in session else ("csrf_token",))
        where_to = url_for("sign_in_code", handle=opened.hold(result.challenge), **_next(back))
        return redirect(where_to, HTTPStatus.SEE_OTHER)
    return _refused(_form(form, back, message=result.message), result)


def code_page(handle: str) -> Any:
    """The second factor of one sign-in. Whoever comes here without a right password is sent back to the beginning."""
    form, back = CodeForm(request.form), _back()
    try:
        value = opened.held(handle)
        user = challenges.owner(value, origin())
    except (NotFound, Expired):
        return redirect(back) if actor() else _anew(challenges.OVER)
    if asked := somebody_else.ask(user):
        return asked
    if actor():
        return redirect(back)
    return _second_step(form, handle, value, user, back)


def _second_step(form: CodeForm, handle: str, value: str, user: User, back: str) -> Any:
    if request.method != "POST" or not form.validate():
        return _code_form(form, handle, value, user)
    try:
        result = second_factor(
            challenge=value, code=form.code.data or "", origin=origin(), settings=settings()
        )
        db.session.commit()
    except Expired as error:
        return _anew(error.message)
    if result.session is None:
        return _refused(_code_form(form, handle, value, user, message=result.message), result)
    opened.drop(handle)
    return _enter(result, back)


def send_again(handle: str) -> Any:
    """Mail another code in place of the last one."""
    try:
        sent = challenges.send_again(opened.held(handle), origin(), settings())
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


def sign_out() -> Any:
    """End the session here and in the table; whoever signs out to go on with a link goes on with it."""
    _leave("signed out")
    db.session.commit()
    if going_on := request.form.get("next"):
        opened.begin_anew()
        return redirect(safe_path(going_on), HTTPStatus.SEE_OTHER)
    session.clear()
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)


def _leave(reason: str) -> None:
    """Whatever session this browser has ends: a copy of its value opens nothing any more."""
    if (who := actor()) and who.session_id:
        sessions.end(who.session_id, reason=reason)


def _back() -> str:
    """Where whoever is in goes on; it travels with the form, for each tab has its own."""
    return safe_path(request.values.get("next"))


def _next(back: str) -> dict[str, str]:
    return {"next": back} if back != "/" and len(back) <= LONGEST_BACK else {}


def _enter(result: SignIn, back: str) -> Response:
    """A new session has nothing of the one before it, not even its CSRF token; links in other tabs stay open."""
    opened.begin_anew()
    session[SESSION_KEY] = result.session
    response = make_response(redirect(back, HTTPStatus.SEE_OTHER))
    response.set_cookie(
        device_cookie(), result.mark, max_age=DEVICE_KEPT, secure=settings().tls, httponly=True, samesite="Lax"
    )  # fmt: skip
    return response


def _anew(message: str) -> Any:
    db.session.rollback()
    flash(message, "info")
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
    known = {
        "whose": user.email,
        "method": user.two_factor,
        "mailed": challenges.has_code(value),
        "handle": handle,
        "next": _next(_back()),
    }
    valid = duration(settings().email_code_valid)
    return make_response(
        render_template("account/code.html", form=form, message=message, valid=valid, **known),
        status,
    )
