"""Find out the language and the time zone of the person who reads the page."""

from contextlib import AbstractContextManager
from datetime import UTC, tzinfo

from flask import g, has_request_context, request
from flask_babel import force_locale

from backoffice import languages, time_zones
from backoffice.policy.actor import Actor
from views.web.actor import actor, asking


def language() -> str:
    """Return the signed-in person's language, otherwise the one that the browser asks for.

    A command speaks the language of its shell.
    """
    if not has_request_context():
        return languages.of_shell()
    who = _person()
    return of_browser() if who is None else language_of(who)


def language_of(who: Actor) -> str:
    """Return the person's language, or the default if the product is not translated into it."""
    return who.language if who.language in languages.translated() else languages.DEFAULT


def speaking_to(who: Actor) -> AbstractContextManager[None]:
    """Have texts written in the language of who really reads them, whomever they view as."""
    return force_locale(language_of(who.in_person))


def of_browser() -> str:
    """Return the language that the browser asks for, or else the default, whoever is signed in."""
    asked_for = request.accept_languages.best_match(languages.translated())
    return asked_for or languages.DEFAULT


def zone() -> tzinfo:
    """Return the signed-in person's time zone, otherwise UTC."""
    who = _person() if has_request_context() else None
    return time_zones.timezone_of(who.time_zone) if who else UTC


def _person() -> Actor | None:
    """Return the signed-in person as last read, or None while the database is away.

    The page that says so must not ask the database. A text that is written in the midst of a
    change must not read and lock the person again.
    """
    if "database_away" in g:
        return None
    return asking() if "actor" in g else actor()
