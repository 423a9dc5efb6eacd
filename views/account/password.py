"""One's own password, changed by oneself."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.errors import RuleBroken, TooMany
from backoffice.extensions import db
from backoffice.services import accounts, passwords
from forms.account import ChangePasswordForm
from views.account.blueprint import account
from views.actor import origin, settings, signed_in


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
        except RuleBroken as error:
            form.refuse(error)
        except TooMany as error:
            form.form_errors.append(error.message)
        else:
            db.session.commit()
            flash(_("Your password is changed. Your other sessions have ended."), "success")
            return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
        db.session.commit()  # the try is counted
    title = _("Choose your own password") if who.password_change_due else _("Change your password")
    page = render_template("account/password.html", form=form, forced=who.password_change_due, title=title)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors or form.form_errors else HTTPStatus.OK
