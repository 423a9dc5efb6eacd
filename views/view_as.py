"""View the pages as another person gets them, read only, and leave again."""

from http import HTTPStatus

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.people import viewing
from backoffice.settings import configured
from forms.view_as import ViewAsForm
from views.web import reader
from views.web.actor import LEAVE, signed_in
from views.web.answers import Answer
from views.web.view_as import renew_forms

ID = "<int(max=9223372036854775807):user_id>"


def register(app: Flask) -> None:
    """Add the addresses, which other software relies on."""
    app.add_url_rule(f"/view-as/{ID}", "view_as", begin, methods=["GET", "POST"])
    app.add_url_rule("/view-as/leave", LEAVE, leave, methods=["POST"])


def begin(user_id: int) -> Answer:
    """Ask why, and lead to home as this person gets it."""
    form = ViewAsForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            viewing.begin(
                actor=signed_in(),
                user_id=user_id,
                reason=form.reason.data or "",
                settings=configured(),
            )
            db.session.commit()
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            renew_forms()
            return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    person = viewing.viewable(signed_in(), user_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render_template("view_as.html", form=form, person=person), status


def leave() -> Answer:
    """Be oneself again, on the page of the person who was viewed."""
    who = signed_in()
    if who.viewed_by is None:
        flash(_("You view the pages as yourself."), "info")
        return redirect(url_for("home"), HTTPStatus.SEE_OTHER)
    viewing.end(actor=who.viewed_by)
    db.session.commit()
    renew_forms()
    with reader.speaking_to(who):
        flash(_("You are yourself again."), "success")
    return redirect(url_for("users.details", row_id=who.user_id), HTTPStatus.SEE_OTHER)
