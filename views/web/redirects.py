"""Where to go back to: only ever a path of our own."""

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from views.web.actor import settings

CONFIRMING = "account.confirm"


def safe_path(text: str | None, default: str = "/") -> str:
    """The text if it is a path of ours, else `default`.

    Browsers read a backslash as a slash and skip control characters, so neither may occur.
    """
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return default
    if any(ord(character) < 33 or ord(character) == 127 for character in text):
        return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc else text


def address_to_get() -> str | None:
    """Where the page can be asked for by GET that answers a form: its entry in the history.

    None where no form was sent. Back and reload then ask for that page, and not for the form to be sent again.
    """
    if request.method in ("GET", "HEAD"):
        return None
    return own_page() or referrer()


def own_page() -> str | None:
    """The address of the sent form, if what shows the form takes it too."""
    address = sent_to()
    endpoint = endpoint_of(address, "POST")
    return address if endpoint and endpoint == endpoint_of(address, "GET") else None


def sent_to() -> str:
    """Where the form was sent; of one that waits for a confirmation, where it was to go."""
    if request.endpoint == CONFIRMING and request.method == "POST":
        return safe_path(request.form.get("confirm_to"))
    return request.full_path.rstrip("?")


def referrer() -> str:
    """The page of ours that the request came from, such as the one with a button; else home."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:  # anybody may send anything
        return "/"
    path = (
        safe_path(f"{parts.path}?{parts.query}".rstrip("?"))
        if parts.netloc == settings().host
        else "/"
    )
    return path if endpoint_of(path, "GET") else "/"


def endpoint_of(address: str, method: str) -> str | None:
    """What answers this address by this method, if anything does."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(
            urlsplit(address).path, method=method
        )
    except HTTPException:
        return None
    return str(endpoint)
