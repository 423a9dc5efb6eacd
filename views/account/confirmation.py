"""Step-up: ask for the password or a code again before something that matters.

After that, the request that needed it is repeated.
"""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.auth import step_up
from backoffice.errors import ConfirmationNeeded
from backoffice.extensions import db
from backoffice.http import READING_METHODS
from backoffice.settings import configured
from backoffice.text import duration
from forms.account import ConfirmForm
from views.account.blueprint import account
from views.account.tries import counted, shown
from views.web import downloads
from views.web.actor import SESSION_KEY, actor, origin, signed_in
from views.web.answers import Answer
from views.web.redirects import CONFIRMATION_FIELDS, safe_path
from views.web.view_as import CONFIRMATION, refused_because


@account.route("/confirm", methods=["GET", "POST"])
@refused_because(CONFIRMATION)
def confirm() -> Answer:
    """Ask for the password or a code, and then lead on to where the person was."""
    who = signed_in()
    form = ConfirmForm(request.form)
    back = safe_path(request.values.get("confirm_to"))
    if request.method == "POST" and form.validate():
        with counted(form):
            session[SESSION_KEY] = step_up.confirm(
                actor=who,
                password=form.confirm_password.data or "",
                code=form.confirm_code.data or "",
                origin=origin(),
                settings=configured(),
            )
        if not form.errors:
            return _go_on(back)
    return _page(form, back, again=bool(request.form.get("confirm_again")))


def _go_on(back: str) -> Answer:
    page = downloads.page_of(back)
    if page:
        downloads.offer(back)
        return redirect(page, HTTPStatus.SEE_OTHER)
    if request.form.get("confirm_again"):
        # The browser sends this form once more, with all its fields, to where it was meant for.
        return redirect(back, HTTPStatus.TEMPORARY_REDIRECT)
    return redirect(back, HTTPStatus.SEE_OTHER)


def ask(_error: ConfirmationNeeded) -> Answer:
    """Ask for a confirmation instead of answering the page that needs it.

    A form that was sent is kept in the page, and is sent again after the confirmation.
    """
    db.session.rollback()
    if actor() is None:
        return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
    here = request.full_path.rstrip("?")
    if request.method in READING_METHODS:
        return redirect(url_for("account.confirm", confirm_to=here), HTTPStatus.SEE_OTHER)
    if request.files:
        flash(_("Files cannot be kept while you confirm: choose the file again after it."), "info")
        return redirect(url_for("account.confirm", confirm_to=request.path), HTTPStatus.SEE_OTHER)
    return _page(ConfirmForm(), here, again=True, status=HTTPStatus.FORBIDDEN)


def _page(form: ConfirmForm, back: str, *, again: bool, status: int = HTTPStatus.OK) -> Answer:
    if signed_in().two_factor == "email":
        form.confirm_code.label.text = _("Or one of your recovery codes")
    hidden = ("csrf_token", *CONFIRMATION_FIELDS)
    kept = [pair for pair in request.form.items(multi=True) if pair[0] not in hidden]
    values = {
        "to": back,
        "again": again,
        "kept": kept if again else [],
        "valid": duration(configured().step_up_valid),
    }
    page = render_template("account/confirm.html", form=form, **values)
    return shown(page, form, status)
