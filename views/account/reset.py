"""Replace a forgotten password: ask for a link, and use it."""

from http import HTTPStatus

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.auth import links, password_reset, passwords
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import configured
from backoffice.text import duration
from forms.account import ForgottenForm, NewPasswordForm
from views.account.link_page import LinkPage
from views.account.tries import counted, shown
from views.web.actor import origin
from views.web.answers import Answer


def register(app: Flask) -> None:
    """Add the addresses, which other software relies on."""
    app.add_url_rule("/password/forgotten", "forgotten", forgotten, methods=["GET", "POST"])
    page = LinkPage(
        link_type=links.PASSWORD,
        endpoint="reset",
        own_endpoint="reset_form",
        show=_choose,
        over="account/reset_over.html",
    )
    page.add_to(app)


def forgotten() -> Answer:
    """Ask for a link; the answer is the same for everyone, known or not."""
    form = ForgottenForm(request.form)
    if request.method == "POST" and form.validate():
        with counted(form):
            password_reset.ask(
                identifier=form.identifier.data or "", origin=origin(), settings=configured()
            )
        if not form.errors:
            valid = duration(links.PASSWORD.lifetime(configured()))
            return render_template("account/forgotten_sent.html", valid=valid)
    return shown(render_template("account/forgotten.html", form=form), form)


def _choose(link: str, user: User) -> Answer:
    """Choose a new password."""
    form = NewPasswordForm(request.form)
    form.ask_for(passwords.shortest(user.two_factor, configured()))
    if request.method == "POST" and form.validate():
        try:
            password = form.new_password.data or ""
            password_reset.reset(
                value=link, new_password=password, origin=origin(), settings=configured()
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
