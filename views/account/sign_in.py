"""The front door: password, second factor, and out again."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.errors import Expired, TooMany
from backoffice.extensions import db
from backoffice.services import challenges, passwords, sessions
from backoffice.services.sign_in import SignIn, second_factor, sign_in
from backoffice.text import duration
from forms.account import CodeForm, SignInForm
from views.actor import SESSION_KEY, actor, device_cookie, origin, settings
from views.returning import safe_path

DEVICE_KEPT = 400 * 24 * 3600  # seconds; browsers keep no cookie longer
CHALLENGE = "challenge"
LONGEST_BACK = 2000  # characters; a browser drops a session cookie of more than 4 KB, and the challenge with it


def register(app: Flask) -> None:
    """The addresses that other software relies on."""
    passwords.matches(None, "", app.extensions["settings"])  # or the first unknown name would take longer than others
    app.add_url_rule("/sign-in", "sign_in", sign_in_page, methods=["GET", "POST"])
    app.add_url_rule("/sign-in/code", "sign_in_code", code_page, methods=["GET", "POST"])
    app.add_url_rule("/sign-in/code/again", "sign_in_code_again", send_again, methods=["POST"])
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


def sign_in_page() -> Any:
    """Ask for address and password; the answer is the same for everyone who may not in."""
    form, back = SignInForm(request.form), safe_path(request.values.get("next"))
    if request.method != "POST":
        return redirect(back) if actor() else _form(form, back)
    if not form.validate():
        return _form(form, back, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    result = sign_in(
        identifier=form.identifier.data or "", password=form.password.data or "", origin=origin(), settings=settings()
    )
    if result.session or result.challenge:
        _leave("signed in anew")
    db.session.commit()
    if result.session:
        return _enter(result, back)
    if result.challenge:
        session.clear()
        session[CHALLENGE], session["next"] = result.challenge, back if len(back) <= LONGEST_BACK else "/"
        if result.message:
            flash(result.message, "warning")
        return redirect(url_for("sign_in_code"), HTTPStatus.SEE_OTHER)
    return _refused(_form(form, back, message=result.message), result)


def code_page() -> Any:
    """The second factor. Whoever comes here without a right password is sent back to the beginning."""
    form, value, back = CodeForm(request.form), _challenge(), safe_path(session.get("next"))
    if actor():
        return redirect(back)
    try:
        user = challenges.owner(value, origin())
        if request.method != "POST" or not form.validate():
            return _code_form(form, user.two_factor)
        result = second_factor(challenge=value, code=form.code.data or "", origin=origin(), settings=settings())
        db.session.commit()
    except Expired as error:
        return _anew(error.message)
    if result.session is None:
        return _refused(_code_form(form, user.two_factor, message=result.message), result)
    return _enter(result, back)


def send_again() -> Any:
    """Mail another code in place of the last one."""
    try:
        challenges.send_again(_challenge(), origin(), settings())
        db.session.commit()
    except Expired as error:
        return _anew(error.message)
    except TooMany as error:
        db.session.rollback()
        flash(error.message, "warning")
    else:
        flash(_("A new code is on its way. The one before no longer works."), "success")
    return redirect(url_for("sign_in_code"), HTTPStatus.SEE_OTHER)


def sign_out() -> Any:
    """End the session here and in the table."""
    _leave("signed out")
    db.session.commit()
    session.clear()
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)


def _leave(reason: str) -> None:
    """Whatever session this browser has ends: a copy of its value opens nothing any more."""
    if (who := actor()) and who.session_id:
        sessions.end(who.session_id, reason=reason)


def _challenge() -> str:
    value = session.get(CHALLENGE, "")
    return value if isinstance(value, str) else ""


def _enter(result: SignIn, back: str) -> Response:
    """A new session has nothing of the one before it, not even its CSRF token; the browser has a new mark."""
    session.clear()
    session[SESSION_KEY] = result.session
    response = make_response(redirect(back, HTTPStatus.SEE_OTHER))
    response.set_cookie(
        device_cookie(), result.mark, max_age=DEVICE_KEPT, secure=settings().tls, httponly=True, samesite="Lax"
    )  # fmt: skip
    return response


def _anew(message: str) -> Any:
    db.session.rollback()
    session.pop(CHALLENGE, None)
    flash(message, "info")
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)


def _refused(response: Response, result: SignIn) -> Response:
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    if result.retry_after:
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response.headers["Retry-After"] = str(result.retry_after)
    return response


def _form(form: SignInForm, back: str, *, message: str | None = None, status: int = HTTPStatus.OK) -> Response:
    page = render_template("account/sign_in.html", form=form, next=back, message=message)
    return make_response(page, status)


def _code_form(form: CodeForm, method: str, *, message: str | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    valid = duration(settings().email_code_valid)
    return make_response(
        render_template("account/code.html", form=form, method=method, message=message, valid=valid), status
    )
