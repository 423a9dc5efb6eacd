"""Replace a forgotten password: ask for a link, and use it."""

from http import HTTPStatus
from typing import Any

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.auth import password_reset, passwords
from backoffice.errors import Expired, RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.text import duration
from forms.account import ForgottenForm, NewPasswordForm
from views.account import opened, somebody_else
from views.account.tries import counted, shown
from views.web.actor import origin, settings


def register(app: Flask) -> None:
    """Add the addresses, which other software relies on."""
    app.add_url_rule("/password/forgotten", "forgotten", forgotten, methods=["GET", "POST"])
    app.add_url_rule("/password/reset/<value>", "reset", reset, methods=["GET", "POST"])
    app.add_url_rule(
        "/password/reset/opened/<handle>", "reset_form", reset, methods=["GET", "POST"]
    )


def forgotten() -> Any:
    """Ask for a link; the answer is the same for everyone, known or not."""
    form = ForgottenForm(request.form)
    if request.method == "POST" and form.validate():
        with counted(form):
            password_reset.ask(
                identifier=form.identifier.data or "", origin=origin(), settings=settings()
            )
        if not form.errors:
            valid = duration(settings().reset_valid)
            return render_template("account/forgotten_sent.html", valid=valid)
    return shown(render_template("account/forgotten.html", form=form), form)


def reset(value: str = "", handle: str = "") -> Any:
    """Choose a new password.

    Opening the page does not use the link up, because mail scanners open links too.
    """
    link = value or opened.held(handle)
    try:
        user = password_reset.look(link)
        if value and request.method != "POST":
            # This takes the secret value out of the address bar.
            return redirect(url_for("reset_form", handle=opened.hold(link)), HTTPStatus.SEE_OTHER)
        return somebody_else.ask(user) or _choose(link, user)
    except Expired as error:
        db.session.rollback()
        return render_template("account/reset_over.html", message=error.message), HTTPStatus.GONE


def _choose(link: str, user: User) -> Any:
    form = NewPasswordForm(request.form)
    form.ask_for(passwords.shortest(user.two_factor, settings()))
    if request.method == "POST" and form.validate():
        try:
            password = form.new_password.data or ""
            password_reset.reset(
                value=link, new_password=password, origin=origin(), settings=settings()
            )
            db.session.commit()
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            message = _(
                "Your password is changed and every session has ended. Sign in with the new one."
            )
            flash(message, "success")
            return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
    page = render_template("account/reset.html", form=form, whose=user.email)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
