"""One's own e-mail address: asking for another one, and confirming it by the link that was sent there.

The link opens for the person who asked for it alone: whoever is signed out signs in first, as with every page under
/account/. So it does no harm that its value stands in the address of the sign-in page meanwhile.
"""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.extensions import db
from backoffice.policy.confirmation import require_recent
from backoffice.services import email_change
from backoffice.text import duration
from forms.profile import EmailForm
from views.account.blueprint import account
from views.account.held import drop, held, hold
from views.account.tries import counted, shown
from views.actor import SESSION_KEY, origin, settings, signed_in

PURPOSE = "email_change"


@account.route("/email", methods=["GET", "POST"])
def email() -> Any:
    """Ask for a link at the new address; the answer is the same whether or not somebody else has it."""
    who, form = signed_in(), EmailForm(request.form)
    require_recent(who)
    if request.method == "POST" and form.validate():
        with counted(form):
            email_change.ask(actor=who, email=form.email.data or "", origin=origin(), settings=settings())
        if not form.errors:
            valid = duration(email_change.LINK.valid(settings()))
            said = _(
                "If nobody else has this address, a link is on its way there. It works for %(valid)s.", valid=valid
            )
            flash(said, "info")
            return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    return shown(render_template("account/email.html", form=form, address=who.label), form)


@account.route("/email/<value>", methods=["GET", "POST"])
@account.route("/email/confirm", methods=["GET", "POST"], endpoint="confirm_email_form")
def confirm_email(value: str | None = None) -> Any:
    """Confirm the new address. Looking at the page uses nothing up: mail scanners look too."""
    who, link = signed_in(), held(PURPOSE, value)
    address = email_change.look(actor=who, value=link)
    if request.method == "POST":
        kept = email_change.confirm(actor=who, value=link, origin=origin(), settings=settings())
        db.session.commit()
        session[SESSION_KEY] = kept
        drop(PURPOSE)
        flash(_("%(address)s is your e-mail address now. Your other sessions have ended.", address=address), "success")
        return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    if value:
        hold(PURPOSE, value)
        return redirect(url_for("account.confirm_email_form"), HTTPStatus.SEE_OTHER)
    return render_template("account/email_confirm.html", address=address, old=who.label)
