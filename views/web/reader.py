"""Whoever reads the page: in which language, and by which clock."""

from datetime import UTC, tzinfo

from flask import g, has_request_context, request

from backoffice import languages, time_zones
from backoffice.policy.actor import Actor
from views.web.actor import actor


def language() -> str:
    """The signed-in person's language, else the one that the browser asks for, as far as the product speaks it."""
    spoken = languages.translated()
    if not has_request_context():
        return languages.DEFAULT
    if who := _person():
        return who.language if who.language in spoken else languages.DEFAULT
    return request.accept_languages.best_match(spoken) or languages.DEFAULT


def zone() -> tzinfo:
    """The signed-in person's time zone, else UTC."""
    who = _person() if has_request_context() else None
    return time_zones.clock_of(who.time_zone) if who else UTC


def _person() -> Actor | None:
    """Nobody while the database is away: the page that says so must not ask it."""
    return None if "database_away" in g else actor()
