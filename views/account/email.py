"""Ask for another e-mail address of one's own, and confirm it by the link that was sent there.

The link works only for the person who asked for it. A person who is signed out signs in first, as
with every page under /account/; a person who is signed in as somebody else is asked.
"""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.extensions import db
from backoffice.people import email_change
from backoffice.policy.step_up import require_recent
from backoffice.text import duration
from forms.profile import EmailForm
from views.account import opened, somebody_else
from views.account.blueprint import account
from views.account.tries import counted, shown
from views.web.actor import SESSION_KEY, origin, settings, signed_in


@account.route("/email", methods=["GET", "POST"])
def email() -> Any:
    """Ask for a link to the new address.

    The answer is the same whether or not somebody else has that address.
    """
    who = signed_in()
    form = EmailForm(request.form)
    require_recent(who)
    if request.method == "POST" and form.validate():
        with counted(form):
            email_change.ask(
                actor=who, email=form.email.data or "", origin=origin(), settings=settings()
            )
        if not form.errors:
            valid = duration(email_change.LINK.valid(settings()))
            message = _(
                "If nobody else has this address, a link is on its way there. "
                "It works for %(valid)s.",
                valid=valid,
            )
            flash(message, "info")
            return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    return shown(render_template("account/email.html", form=form, address=who.label), form)


@account.get("/email/<value>")
def open_email_link(value: str) -> Any:
    """Open the mailed link; this does not use it up, because mail scanners open links too."""
    email_change.whose(value)  # refuses a link that is wrong or expired
    href = url_for("account.confirm_email", handle=opened.hold(value))
    return redirect(href, HTTPStatus.SEE_OTHER)


@account.route("/email/opened/<handle>", methods=["GET", "POST"])
def confirm_email(handle: str) -> Any:
    """Confirm the new address."""
    who = signed_in()
    link = opened.held(handle)
    asked = somebody_else.ask(email_change.whose(link))
    if asked:
        return asked
    address = email_change.look(actor=who, value=link)
    if request.method == "POST":
        new_session = email_change.confirm(
            actor=who, value=link, origin=origin(), settings=settings()
        )
        db.session.commit()
        session[SESSION_KEY] = new_session
        message = _(
            "%(address)s is your e-mail address now. Your other sessions have ended.",
            address=address,
        )
        flash(message, "success")
        return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    return render_template("account/email_confirm.html", address=address, old=who.label)
