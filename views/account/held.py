"""The value of a mailed link: held in the browser's session, so that it leaves the address bar after the first look."""

from flask import session


def hold(purpose: str, value: str) -> None:
    """Keep the value of a link that was opened."""
    session[f"link:{purpose}"] = value


def held(purpose: str, value: str | None) -> str:
    """The value in the address, else the one that was kept; '' if there is neither."""
    kept = session.get(f"link:{purpose}", "")
    return value or (kept if isinstance(kept, str) else "")


def drop(purpose: str) -> None:
    """Forget the value: it was used."""
    session.pop(f"link:{purpose}", None)
