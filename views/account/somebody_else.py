"""Ask first when a link that is for one person is opened where another is signed in."""

from http import HTTPStatus

from flask import Response, make_response, render_template, request

from backoffice.http import READING_METHODS
from backoffice.models.user import User
from views.web.actor import actor


def ask(user: User) -> Response | None:
    """Return a page that asks whether to sign out and go on, or to stay.

    Return None if nobody else is signed in.
    """
    who = actor()
    if who is None or who.in_person.user_id == user.id:
        return None
    here = request.full_path.rstrip("?")
    whose = user.email or user.login or ""
    page = render_template("account/somebody_else.html", whose=whose, here=here)
    is_reading = request.method in READING_METHODS
    return make_response(page, HTTPStatus.OK if is_reading else HTTPStatus.FORBIDDEN)
