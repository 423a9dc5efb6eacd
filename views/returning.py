"""Where to go back to: only ever a path of our own."""

from urllib.parse import urlsplit


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
