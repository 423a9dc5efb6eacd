"""Ask for another e-mail address of one's own, and confirm it by the link that was sent there.

The link works only for the person who asked for it. A person who is signed out signs in first, as
with every page under /account/; a person who is signed in as somebody else is asked.
"""

from http import HTTPStatus

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from backoffice.auth import links
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import email_change
from backoffice.policy.step_up import require_recent
from backoffice.settings import configured
from backoffice.text import duration
from forms.profile import EmailForm
from views.account.blueprint import account
from views.account.link_page import LinkPage
from views.account.tries import counted, shown
from views.web.actor import SESSION_KEY, origin, signed_in
from views.web.answers import Answer


def register(app: Flask) -> None:
    """Add the link itself, which needs no sign-in, and the page it leads to."""
    page = LinkPage(
        link_type=links.EMAIL_CHANGE,
        endpoint="account.open_email_link",
        own_endpoint="account.confirm_email",
        show=_confirm,
        mail_methods=("GET",),
    )
    page.add_to(app)


@account.route("/email", methods=["GET", "POST"])
def email() -> Answer:
    """Ask for a link to the new address.

    The answer is the same whether or not somebody else has that address.
    """
    who = signed_in()
    form = EmailForm(request.form)
    require_recent(who)
    if request.method == "POST" and form.validate():
        with counted(form):
            email_change.ask(
                actor=who, email=form.email.data or "", origin=origin(), settings=configured()
            )
        if not form.errors:
            valid = duration(links.EMAIL_CHANGE.lifetime(configured()))
            message = _(
                "If nobody else has this address, a link is on its way there. "
                "It works for %(valid)s.",
                valid=valid,
            )
            flash(message, "info")
            return redirect(url_for("account.profile"), HTTPStatus.SEE_OTHER)
    return shown(render_template("account/email.html", form=form, address=who.label), form)


def _confirm(link: str, _owner: User) -> Answer:
    """Confirm the new address."""
    who = signed_in()
    address = email_change.new_address(actor=who, value=link, origin=origin())
    if request.method == "POST":
        new_session = email_change.confirm(
            actor=who, value=link, origin=origin(), settings=configured()
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
