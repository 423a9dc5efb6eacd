"""Accept an invitation by its link, or ask for a new one."""

from http import HTTPStatus
from typing import Any

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.auth import passwords
from backoffice.errors import Expired, RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import invitations
from forms.account import InvitationForm
from views.account import opened, somebody_else
from views.web.actor import origin, settings


def register(app: Flask) -> None:
    """Add the link itself, the page it leads to, and the way to a new one."""
    app.add_url_rule("/invitations/<value>", "invitation", invitation, methods=["GET", "POST"])
    app.add_url_rule(
        "/invitations/opened/<handle>", "invitation_form", invitation, methods=["GET", "POST"]
    )
    app.add_url_rule("/invitations/<value>/again", "invitation_again", again, methods=["POST"])


def invitation(value: str = "", handle: str = "") -> Any:
    """Choose a password and say who one is.

    Opening the page does not use the link up, because mail scanners open links too.
    """
    link = value or opened.held(handle)
    try:
        user = invitations.look(link)
        if value and request.method != "POST":
            # This takes the secret value out of the address bar.
            href = url_for("invitation_form", handle=opened.hold(link))
            return redirect(href, HTTPStatus.SEE_OTHER)
        return somebody_else.ask(user) or _accept(link, user)
    except Expired as error:
        db.session.rollback()
        page = render_template("account/invitation_over.html", message=error.message, value=link)
        return page, HTTPStatus.GONE


def _accept(link: str, user: User) -> Any:
    form = InvitationForm(request.form, obj=user if request.method != "POST" else None)
    form.ask_for(passwords.shortest(user.two_factor, settings()))
    if request.method == "POST" and form.validate():
        try:
            _create_account(link, form)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your account is ready. Sign in with your new password."), "success")
            return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
    page = render_template("account/invitation.html", form=form, email=user.email)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def _create_account(link: str, form: InvitationForm) -> None:
    invitations.accept(
        value=link,
        new_password=form.new_password.data or "",
        about={name: form[name].data or "" for name in invitations.GIVEN},
        origin=origin(),
        settings=settings(),
    )
    db.session.commit()


def again(value: str) -> Any:
    """Ask for a new invitation; the answer is the same for every link, right or wrong."""
    invitations.ask_again(value=value, origin=origin(), settings=settings())
    db.session.commit()
    message = _(
        "If the invitation can be renewed, whoever invited you has been told and can send a new "
        "one."
    )
    flash(message, "info")
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
