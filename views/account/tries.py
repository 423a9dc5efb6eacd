"""Handle tries that are counted: a refusal is shown in the form, and the try is committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from flask import Response, make_response

from backoffice.errors import RuleBroken, TooMany
from backoffice.extensions import db
from forms.base import Form


@contextmanager
def counted(form: Form) -> Iterator[None]:
    """Show in the form what is refused inside the block, and commit in either case."""
    try:
        yield
    except (RuleBroken, TooMany) as error:
        form.refuse(error)
    db.session.commit()


def shown(page: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    """Return the page of a form with status 422 after a refusal, or 429 after too many tries.

    With 429, `Retry-After` says how long to wait. Otherwise the status is `status`.
    """
    response = make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else status)
    if form.retry_after:
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response.headers["Retry-After"] = str(form.retry_after)
    return response
