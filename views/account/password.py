"""Change one's own password."""

from http import HTTPStatus

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.auth import password_change, passwords
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from forms.account import ChangePasswordForm
from views.account.blueprint import account
from views.account.tries import counted, shown
from views.web.actor import SESSION_KEY, origin, signed_in
from views.web.answers import Answer


@account.route("/password", methods=["GET", "POST"])
def password() -> Answer:
    """Change one's own password; a person with a temporary password is led here first."""
    who = signed_in()
    form = ChangePasswordForm(request.form)
    shortest = passwords.shortest(who.two_factor, configured())
    form.ask_for(shortest)
    if request.method == "POST" and form.validate():
        with counted(form):
            new_session = password_change.change_password(
                actor=who,
                current=form.current_password.data or "",
                new=form.new_password.data or "",
                origin=origin(),
                settings=configured(),
            )
        if not form.errors:
            session[SESSION_KEY] = new_session
            flash(_("Your password is changed. Your other sessions have ended."), "success")
            return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    return _page(who, form, shortest)


def _page(who: Actor, form: ChangePasswordForm, shortest: int) -> Response:
    is_forced = who.password_change_due
    page = render_template(
        "account/password.html",
        form=form,
        shortest=shortest,
        forced=is_forced,
        temporary=password_change.has_temporary_password(who),
        title=_("Choose your own password") if is_forced else _("Change your password"),
    )
    return shown(page, form)
