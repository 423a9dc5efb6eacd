"""A test client that behaves like a browser.

It has the form's CSRF token, and it never shares our app context.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import Any, TypeVar

from flask import has_app_context
from flask.globals import _cv_app
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.testing.cast import PASSWORD, address

T = TypeVar("T")
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


def settle() -> None:
    """Commit what the test prepared, and forget what it read.

    The other side then sees our changes, and we see theirs. On SQLite this also releases the write
    lock that an open transaction holds.
    """
    db.session.commit()
    db.session.expire_all()


def outside(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call `function` as a request would.

    It runs without the test's app context, but at the test's time of day.
    """

    if has_app_context():  # a followed redirect comes from outside already
        settle()
    return without_app().run(function, *args, **kwargs)


def without_app() -> Context:
    """Return a copy of the present context, with the test's time of day but not its app context.

    A request inside our app context would share its session and its flask.g.
    """
    context = Context()
    for variable, value in copy_context().items():
        if variable is not _cv_app:
            context.run(variable.set, value)
    return context


class Client(FlaskClient):
    """A browser: `get` and `raw_post` send what they are given, `post` adds the form's token."""

    expects_500 = (
        False  # the product answers every exception with a page, which no test must overlook
    )
    _token: str | None = None
    asked_at = ""  # where the second factor of the latest sign-in is asked for
    here = ""  # the form that a link led to

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault(
            "buffered", True
        )  # read to the end where the request is, as a browser does
        kwargs.setdefault("base_url", self.application.config["TEST_BASE_URL"])
        answer = outside(super().open, *args, **kwargs)
        assert answer.status_code != 500 or self.expects_500, (
            "status 500; the exception is in the log"
        )
        return answer

    def post(self, path: str, data: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST a form with its CSRF token; values may be lists and files."""
        return self.raw_post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def send(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send the form that the most recently opened link led to."""
        return self.post(self.here, data, **kwargs)

    def raw_post(self, path: str, **kwargs: Any) -> TestResponse:
        """POST exactly this, without a token of ours."""
        answer = self.open(path, method="POST", **kwargs)
        if str(answer.location).startswith("/sign-in/code/") and not path.startswith(
            "/sign-in/code/"
        ):
            self.asked_at = str(answer.location)
        return answer

    def token(self) -> str:
        """Read the CSRF token of this visitor's session from a page, as a browser would."""
        if self._token is None:
            page = self.get("/sign-in")
            if page.location:  # signed in: any page will do, and this one is short
                page = self.get("/no-such-page", follow_redirects=True)
            found = TOKEN.search(page.text)
            assert found, f"no csrf_token on the page:\n{page.text[:2000]}"
            self._token = found[1]
        return self._token

    def sign_in(self, name: str, password: str = PASSWORD) -> "Client":
        """Sign in as one of the cast (`olivia`) or with an address, and fail if that is refused."""
        answer = self.try_sign_in(name, password)
        assert answer.status_code in (302, 303), (
            f"{name} was not let in:\n{answer.get_data(as_text=True)[:2000]}"
        )
        return self

    def try_sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        """Try to sign in, and return the answer."""
        answer = self.post("/sign-in", {"identifier": address(name), "password": password})
        self._token = None  # a step up gives the visitor a new session
        return answer

    def sign_out(self) -> TestResponse:
        answer = self.post("/sign-out")
        self._token = None
        return answer


class Runner(FlaskCliRunner):
    """`flask ...` commands, run without the test's app context."""

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        return outside(super().invoke, *args, **kwargs)
