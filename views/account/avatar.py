"""One's own avatar: choose, crop, remove; and everybody's, as pictures on a page."""

import re
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.people import avatars, image_processing
from backoffice.people.image_processing import Crop
from forms.avatar import AvatarForm
from views.account.blueprint import account
from views.web.actor import signed_in
from views.web.avatars import avatar as portrait

PIXELS = re.compile(r"[0-9]{1,5}", re.ASCII)
A_WEEK = (
    7 * 24 * 3600
)  # seconds; a key never shows another picture, but one that was removed should fade


def register(app: Flask) -> None:
    """The address of a picture says no word about whom it shows; `avatar()` puts one on a page."""
    app.add_url_rule("/avatars/<string(length=32):key>/<int:size>", "avatar", picture)
    app.jinja_env.globals["avatar"] = portrait


def picture(key: str, size: int) -> Response:
    """A picture as we encoded it: whatever it holds, a browser takes it for nothing else, and runs nothing."""
    response = Response(avatars.picture(key=key, size=size), content_type=image_processing.TYPE)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = f"private, max-age={A_WEEK}, immutable"
    return response


@account.route("/avatar", methods=["GET", "POST"])
def avatar() -> Any:
    """Choose a picture of oneself. Without a script, or without a choice, it is the middle of it."""
    who, form = signed_in(), AvatarForm(CombinedMultiDict((request.files, request.form)))
    if request.method == "POST" and form.validate():
        avatars.admit(actor=who)
        db.session.commit()  # drawing takes a while: nobody need wait for SQLite's write lock so long
        try:
            file = form.avatar.data
            data = file.stream.read(image_processing.BYTES + 1)
            avatars.set_avatar(actor=who, data=data, filename=file.filename, crop=_crop(form))
            db.session.commit()
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your avatar is changed."), "success")
            return redirect(url_for("account.avatar"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render_template("account/avatar.html", form=form, limit=image_processing.BYTES), status


@account.post("/avatar/remove")
def avatar_remove() -> Any:
    """Be known by one's initials again."""
    avatars.remove_avatar(actor=signed_in())
    db.session.commit()
    flash(_("Your avatar is removed."), "success")
    return redirect(url_for("account.avatar"), HTTPStatus.SEE_OTHER)


def _crop(form: AvatarForm) -> Crop | None:
    """The part that was chosen, or None. Raises RuleBroken for what can be no part of a picture."""
    given = [str(field.data or "") for field in (form.x, form.y, form.size)]
    if not any(given):
        return None
    if not all(map(PIXELS.fullmatch, given)):
        raise RuleBroken(image_processing.OUTSIDE, field="avatar")
    return Crop(*map(int, given))
