"""Show where one is signed in, and sign out other devices."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice.auth import sessions as auth_sessions
from backoffice.extensions import db
from backoffice.text.devices import device_name
from views.account.blueprint import account
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.view_as import not_while_viewing


@account.route("/sessions")
@not_while_viewing
def sessions() -> str:
    """Show every device that is signed in; this one is marked."""
    who = signed_in()
    shown = [
        {
            "id": session.id,
            "device": device_name(session.device),
            "ip": session.ip,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
            "current": session.id == who.session_id,
        }
        for session in auth_sessions.own(who)
    ]
    others = sum(not device["current"] for device in shown)
    return render_template("account/sessions.html", sessions=shown, others=others)


@account.route("/sessions/<int(max=9223372036854775807):session_id>/end", methods=["POST"])
def end_session(session_id: int) -> Answer:
    """Sign out one other device."""
    auth_sessions.end_own(actor=signed_in(), session_id=session_id)
    db.session.commit()
    flash(_("That device is signed out."), "success")
    return redirect(url_for("account.sessions"), HTTPStatus.SEE_OTHER)


@account.route("/sessions/end-others", methods=["POST"])
def end_other_sessions() -> Answer:
    """Sign out all devices but this one."""
    number = auth_sessions.end_others(actor=signed_in())
    db.session.commit()
    if number:
        message = _n(
            "%(num)s other device is signed out.", "%(num)s other devices are signed out.", number
        )
    else:
        message = _("You are signed in nowhere else.")
    flash(message, "success")
    return redirect(url_for("account.sessions"), HTTPStatus.SEE_OTHER)
