"""Accept an invitation by its link, or ask for a new one."""

from http import HTTPStatus

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.auth import links, passwords
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import invitations
from backoffice.settings import configured
from forms.account import InvitationForm
from views.account.link_page import LinkPage
from views.web.actor import origin
from views.web.answers import Answer


def register(app: Flask) -> None:
    """Add the link itself, the page it leads to, and the way to a new one."""
    page = LinkPage(
        link_type=links.INVITATION,
        endpoint="invitation",
        own_endpoint="invitation_form",
        show=_accept,
        over="account/invitation_over.html",
    )
    page.add_to(app)
    app.add_url_rule("/invitations/<value>/again", "invitation_again", again, methods=["POST"])


def _accept(link: str, user: User) -> Answer:
    """Choose a password and say who one is."""
    form = InvitationForm(request.form, obj=user if request.method != "POST" else None)
    form.ask_for(passwords.shortest(user.two_factor, configured()))
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
        settings=configured(),
    )
    db.session.commit()


def again(value: str) -> Answer:
    """Ask for a new invitation; the answer is the same for every link, right or wrong."""
    invitations.ask_again(value=value, origin=origin(), settings=configured())
    db.session.commit()
    message = _(
        "If the invitation can be renewed, whoever invited you has been told and can send a new "
        "one."
    )
    flash(message, "info")
    return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)
