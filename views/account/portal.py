"""The demo's stand-in for the company's own product: the page on which a client chooses a password.

It asks what the product would ask with `clients check-token` and `clients choose-password`, and is
open to everybody who has a token, because clients never sign in here.
"""

from http import HTTPStatus

from flask import Flask, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.auth import passwords as hashing
from backoffice.clients import passwords, tokens
from backoffice.clients.tokens import Answer as TokenAnswer
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.settings import DEMO_PORTAL, configured
from forms.account import NewPasswordForm
from views.web.answers import Answer

OVER = {
    "used": _l("A password was chosen with this link already."),
    "expired": _l("This link has expired."),
    "superseded": _l("A newer link was sent since; this one no longer works."),
    "revoked": _l("This link was revoked."),
    "unknown": _l("There is no such link."),
}


def register(app: Flask) -> None:
    """Add the page in the demo; elsewhere there is no such page."""
    if app.extensions["settings"].environment == "demo":
        app.add_url_rule(DEMO_PORTAL, "demo_portal", portal, methods=["GET", "POST"])


def portal() -> Answer:
    """Ask the client whose token the address has for a new password, and store it."""
    value = request.args.get("token", "")
    answer = tokens.check_token(value)
    if answer.state != "ok" or answer.client is None:
        return _over(answer)
    client = answer.client
    form = _form(client)
    if request.method == "POST" and form.validate():
        try:
            answer = passwords.choose(value, form.new_password.data or "", configured())
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            return _chosen(client) if answer.state == "ok" else _over(answer)
    page = render_template("account/portal.html", form=form, whose=client.email)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def _form(client: Client) -> NewPasswordForm:
    form = NewPasswordForm(request.form)
    form.ask_for(hashing.shortest(client.two_factor, configured()))
    return form


def _chosen(client: Client) -> Answer:
    message = _("The password of %(whose)s is changed.", whose=client.label)
    return render_template("account/portal_over.html", title=_("Done"), message=message)


def _over(answer: TokenAnswer) -> Answer:
    """Say why the token does not work."""
    page = render_template(
        "account/portal_over.html",
        title=_("This link does not work"),
        message=OVER[answer.state],
    )
    return page, HTTPStatus.NOT_FOUND if answer.state == "unknown" else HTTPStatus.GONE
