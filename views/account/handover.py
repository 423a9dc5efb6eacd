"""Show a temporary password once; the second time, there is nothing to show."""

from http import HTTPStatus
from uuid import UUID

from flask import render_template, request, url_for

from backoffice.auth import one_time_secrets
from backoffice.extensions import db
from backoffice.settings import configured
from backoffice.text import duration
from backoffice.transactions import begin
from views.account.blueprint import account
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.redirects import safe_path
from views.web.view_as import not_while_viewing


@account.route("/handover/<uuid:token>")
@not_while_viewing
def handover(token: UUID) -> Answer:
    """Show the password to the session that asked for it.

    Only the page itself uses it up, not a request for its headers.
    """
    if request.method == "HEAD":
        return "", HTTPStatus.NO_CONTENT
    actor = signed_in()
    begin(writing=True)
    label, password = one_time_secrets.take(actor=actor, token=token, settings=configured())
    db.session.commit()
    values = {
        "label": label,
        "password": password,
        "valid": duration(configured().temporary_password_valid),
    }
    href = safe_path(request.args.get("next"), url_for("home"))
    return render_template("account/temporary_password.html", href=href, **values)
