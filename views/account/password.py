"""One's own password, changed by oneself."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.auth import password_change, passwords
from forms.account import ChangePasswordForm
from views.account.blueprint import account
from views.account.tries import counted, shown
from views.web.actor import SESSION_KEY, origin, settings, signed_in


@account.route("/password", methods=["GET", "POST"])
def password() -> Any:
    """Change one's own password; whoever has a temporary one comes here first."""
    who, form = signed_in(), ChangePasswordForm(request.form)
    form.ask_for(shortest := passwords.shortest(who.two_factor, settings()))
    if request.method == "POST" and form.validate():
        with counted(form):
            value = password_change.change_password(
                actor=who,
                current=form.current_password.data or "",
                new=form.new_password.data or "",
                origin=origin(),
                settings=settings(),
            )
        if not form.errors:
            session[SESSION_KEY] = value
            flash(_("Your password is changed. Your other sessions have ended."), "success")
            return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    title = _("Choose your own password") if who.password_change_due else _("Change your password")
    told = {
        "forced": who.password_change_due,
        "temporary": password_change.has_temporary_password(who),
        "title": title,
    }
    page = render_template("account/password.html", form=form, shortest=shortest, **told)
    return shown(page, form)
