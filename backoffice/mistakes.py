"""Tell developers of a mistake in what they declared, where a traceback would only hide it."""

from http import HTTPStatus

from flask import Flask, Response
from flask.helpers import get_debug_flag
from werkzeug.serving import is_running_from_reloader

from backoffice.places import DeclarationError
from backoffice.settings import SettingsError, refuse


def told(mistake: DeclarationError) -> Flask:
    """Print a mistake, and stop the start. Raises SettingsError.

    With `flask --debug ...` the mistake itself is raised, with its traceback. A server that starts
    anew when code changes, as that of `make dev`, goes on: it gets an app that says what is wrong.
    """
    starts_anew = is_running_from_reloader()
    if get_debug_flag() and not starts_anew:
        raise mistake
    try:
        refuse(str(mistake).splitlines())
    except SettingsError as refusal:
        if starts_anew:
            return _saying(str(refusal))
        raise


def _saying(text: str) -> Flask:
    """Return an app that answers every request with the text."""
    app = Flask("backoffice")

    @app.before_request
    def say() -> Response:
        return Response(text, HTTPStatus.INTERNAL_SERVER_ERROR, mimetype="text/plain")

    return app
