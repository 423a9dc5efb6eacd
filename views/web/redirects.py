"""Find out where to redirect to: always a path of our own."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from backoffice.http import READING_METHODS
from backoffice.settings import configured

CONFIRMING = "account.confirm"
# Fields of the form there, which the form that is sent after it must not repeat.
CONFIRMATION_FIELDS = ("confirm_password", "confirm_code", "confirm_to", "confirm_again")


def safe_path(text: str | None, default: str = "/") -> str:
    """Return the text if it is a path on this site, otherwise `default`.

    Browsers read a backslash as a slash and skip control characters, so neither may occur.
    """
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return default
    if any(ord(character) < 33 or ord(character) == 127 for character in text):
        return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc else text


def address_to_get() -> str | None:
    """Return the address for the browser's history of the page that answers a form.

    It can be asked for by GET, so Back and reload ask for that page and do not send the form again.
    Return None if no form was sent.
    """
    if request.method in READING_METHODS:
        return None
    return own_page() or referrer()


def own_page() -> str | None:
    """Return the address to which the form was sent, if the same page shows the form; else None."""
    address = sent_to()
    endpoint = endpoint_of(address, "POST")
    if endpoint and endpoint == endpoint_of(address, "GET"):
        return address
    return None


def sent_to() -> str:
    """Return the address to which the form was sent.

    For a form that waits for a confirmation, it is the address that the form was meant for.
    """
    if request.endpoint == CONFIRMING and request.method == "POST":
        return safe_path(request.form.get("confirm_to"))
    return request.full_path.rstrip("?")


def referrer() -> str:
    """Return the page on this site from which the request came, otherwise home."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:  # anybody may send anything
        return "/"
    if parts.netloc != configured().host:
        return "/"
    path = safe_path(f"{parts.path}?{parts.query}".rstrip("?"))
    return path if endpoint_of(path, "GET") else "/"


def endpoint_of(address: str, method: str) -> str | None:
    """Return the endpoint that answers this address by this method, or None."""
    endpoint, _values = page_at(address, method)
    return endpoint


def page_at(address: str, method: str = "GET") -> tuple[str | None, Mapping[str, Any]]:
    """Return the endpoint that answers this address by this method, or None, and its values."""
    path = urlsplit(address).path
    try:
        endpoint, values = current_app.url_map.bind("").match(path, method=method)
    except HTTPException:
        return None, {}
    return str(endpoint), values
