"""A link that is for one person, opened where another is signed in: that one is asked first."""

from http import HTTPStatus

from flask import Response, make_response, render_template, request

from backoffice.models.user import User
from views.web.actor import actor


def ask(user: User) -> Response | None:
    """The page that asks to sign out and go on, or to stay; None where nobody else is signed in."""
    who = actor()
    if who is None or who.user_id == user.id:
        return None
    here = request.full_path.rstrip("?")
    page = render_template(
        "account/somebody_else.html", whose=user.email or user.login or "", here=here
    )
    return make_response(
        page, HTTPStatus.OK if request.method in ("GET", "HEAD") else HTTPStatus.FORBIDDEN
    )
