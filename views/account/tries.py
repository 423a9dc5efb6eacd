"""Tries that are counted: what was refused is shown in the form, and that somebody tried is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from flask import Response, make_response

from backoffice.errors import RuleBroken, TooMany
from backoffice.extensions import db
from forms.base import Form


@contextmanager
def counted(form: Form) -> Iterator[None]:
    """Show in the form what is refused inside the block, and commit whatever came of it."""
    try:
        yield
    except (RuleBroken, TooMany) as error:
        form.refuse(error)
    db.session.commit()


def shown(page: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    """The page of a form; its status tells of refusals, and of how long to wait after too many."""
    response = make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else status)
    if form.retry_after:
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response.headers["Retry-After"] = str(form.retry_after)
    return response
