"""The doors: sign in, sign out, accept an invitation, change a password."""

import secrets
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

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.services import accounts, passwords, sessions, tokens
from backoffice.services.attempts import From
from backoffice.services.sign_in import sign_in
from forms.account import ChangePasswordForm, NewPasswordForm, SignInForm
from views.account.blueprint import account
from views.actor import SESSION_KEY, actor, device_cookie, origin, settings, signed_in
from views.returning import safe_path

DEVICE_KEPT = 400 * 24 * 3600  # seconds; browsers keep no cookie longer


def register(app: Flask) -> None:
    """The addresses that other software relies on."""
    app.add_url_rule("/sign-in", "sign_in", sign_in_page, methods=["GET", "POST"])
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    app.add_url_rule("/invitations/<value>", "invitation", invitation, methods=["GET", "POST"])


def sign_in_page() -> Any:
    """Ask for address and password; the answer is the same for everyone who may not in."""
    form, back = SignInForm(request.form), safe_path(request.values.get("next"))
    if request.method != "POST":
        return redirect(back) if actor() else _form(form, back)
    if not form.validate():
        return _form(form, back, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    where = origin()
    mark = where.mark or secrets.token_urlsafe(24)
    result = sign_in(
        identifier=form.identifier.data or "",
        password=form.password.data or "",
        origin=From(where.ip, where.device, mark),
        settings=settings(),
    )
    db.session.commit()
    if result.session is None:
        status = HTTPStatus.TOO_MANY_REQUESTS if result.retry_after else HTTPStatus.UNPROCESSABLE_ENTITY
        response = _form(form, back, message=result.message, status=status)
    else:
        _begin(result.session)
        response = make_response(redirect(back, HTTPStatus.SEE_OTHER))
    response.set_cookie(
        device_cookie(), mark, max_age=DEVICE_KEPT, secure=settings().tls, httponly=True, samesite="Lax"
    )  # fmt: skip
    return response


def sign_out() -> Any:
    """End the session here and in the table."""
    if (who := actor()) and who.session_id:
        sessions.end(who.session_id)
        db.session.commit()
    session.clear()
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)


def invitation(value: str) -> Any:
    """Choose a first password. Looking at the page uses nothing up: mail scanners look too."""
    form = NewPasswordForm(request.form)
    tokens.find(value=value, purpose="invitation")
    if request.method == "POST" and form.validate():
        try:
            password = form.new_password.data or ""
            accounts.accept_invitation(value=value, new_password=password, settings=settings(), actor_ip=origin().ip)
            db.session.commit()
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your account is ready. Sign in with your new password."), "success")
            return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
    return render_template("account/invitation.html", form=form), _status(form)


@account.route("/password", methods=["GET", "POST"])
def password() -> Any:
    """Change one's own password; whoever has a temporary one comes here first."""
    who, form = signed_in(), ChangePasswordForm(request.form)
    form.ask_for(passwords.shortest(who.two_factor, settings()))
    if request.method == "POST" and form.validate():
        try:
            accounts.change_password(
                actor=who,
                current=form.current_password.data or "",
                new=form.new_password.data or "",
                origin=origin(),
                settings=settings(),
            )
            db.session.commit()
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your password is changed. Your other sessions have ended."), "success")
            return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    title = _("Choose your own password") if who.password_change_due else _("Change your password")
    page = render_template("account/password.html", form=form, forced=who.password_change_due, title=title)
    return page, _status(form)


def _begin(value: str) -> None:
    """A new session has nothing of the one before it, not even its CSRF token."""
    session.clear()
    session[SESSION_KEY] = value


def _form(form: SignInForm, back: str, *, message: str | None = None, status: int = HTTPStatus.OK) -> Response:
    page = render_template("account/sign_in.html", form=form, next=back, message=message)
    return make_response(page, status)


def _status(form: Any) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
