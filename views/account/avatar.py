"""Choose, crop and remove one's own avatar, and serve everybody's as pictures."""

import re
from http import HTTPStatus

from flask import Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict

from backoffice.data import pictures
from backoffice.data.pictures import Crop
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.people import avatars
from backoffice.policy.actor import Actor
from forms.avatar import AvatarForm
from views.account.blueprint import account
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.avatars import avatar as portrait

PIXELS = re.compile(r"[0-9]{1,5}", re.ASCII)
# Seconds. A key never shows another picture, but one that was removed should disappear some day.
A_WEEK = 7 * 24 * 3600


def register(app: Flask) -> None:
    """Add the address of pictures, which does not tell whom they show.

    In templates, `avatar()` puts a picture on a page.
    """
    app.add_url_rule("/avatars/<string(length=32):key>/<int:size>", "avatar", picture)
    app.jinja_env.globals["avatar"] = portrait


def picture(key: str, size: int) -> Response:
    """Return a picture as we encoded it.

    A browser takes it for nothing but a picture, and runs nothing in it.
    """
    response = Response(avatars.read_avatar(key=key, size=size), content_type=pictures.TYPE)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = f"private, max-age={A_WEEK}, immutable"
    return response


@account.route("/avatar", methods=["GET", "POST"])
def avatar() -> Answer:
    """Choose a picture of oneself.

    Without a script, or without a chosen part, the middle of the picture is taken.
    """
    who = signed_in()
    form = AvatarForm(CombinedMultiDict((request.files, request.form)))
    if request.method == "POST" and form.validate():
        avatars.count_upload(actor=who)
        # Rendering takes a while: nobody should wait so long for SQLite's write lock.
        db.session.commit()
        try:
            _set_avatar(who, form)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(_("Your avatar is changed."), "success")
            return redirect(url_for("account.avatar"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render_template("account/avatar.html", form=form, limit=pictures.BYTES), status


def _set_avatar(who: Actor, form: AvatarForm) -> None:
    file = form.avatar.data
    # One byte more than allowed is enough to see that the file is too large.
    data = file.stream.read(pictures.BYTES + 1)
    avatars.set_avatar(actor=who, data=data, filename=file.filename, crop=_crop(form))
    db.session.commit()


@account.post("/avatar/remove")
def avatar_remove() -> Answer:
    """Remove the picture; one's initials are shown again."""
    avatars.remove_avatar(actor=signed_in())
    db.session.commit()
    flash(_("Your avatar is removed."), "success")
    return redirect(url_for("account.avatar"), HTTPStatus.SEE_OTHER)


def _crop(form: AvatarForm) -> Crop | None:
    """Return the chosen part of the picture, or None if none was chosen.

    Raises RuleBroken for numbers that cannot be part of any picture.
    """
    given = [str(field.data or "") for field in (form.x, form.y, form.size)]
    if not any(given):
        return None
    if not all(map(PIXELS.fullmatch, given)):
        raise RuleBroken(pictures.OUTSIDE, field="avatar")
    return Crop(*map(int, given))
