"""Provide what every template can use: versioned files, icons, times, the menu, the actor."""

import hashlib
import secrets
from collections.abc import Callable, MutableMapping
from functools import cache
from pathlib import Path

import flask_bootstrap
from flask import Flask, g
from flask_babel import get_locale, get_translations
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup
from whitenoise import WhiteNoise

from backoffice import apps
from backoffice.text.numbers import formatted, memory
from views.web import menu, view_as, words
from views.web.actor import actor
from views.web.redirects import address_to_get
from views.web.times import ago, exact

STATIC = Path(__file__).parents[2] / "backoffice" / "static"
VENDOR = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
A_YEAR = 365 * 24 * 3600
STRICT_TRANSPORT = f"max-age={A_YEAR}; includeSubDomains"


def _join_templates(app: Flask) -> None:
    """Add the templates of packages that join; one of the same name as ours is not used."""
    folders = apps.folders(app.extensions["apps"], "templates")
    ours = app.jinja_loader
    assert ours is not None
    app.jinja_loader = ChoiceLoader([ours, *map(FileSystemLoader, folders)])


def register(app: Flask) -> None:
    """Serve the static files, and give the templates their globals."""
    settings = app.extensions["settings"]
    # Addresses carry a hash of the content, so browsers may keep them: nothing is asked for twice.
    headers = _headers_of_files(tls=settings.tls)
    served = WhiteNoise(app.wsgi_app, max_age=A_YEAR, add_headers_function=headers)
    app.wsgi_app = served  # type: ignore[method-assign]  # Flask documents this
    served.add_files(str(STATIC), prefix="static/")
    served.add_files(str(VENDOR), prefix="static/vendor/")
    _join_templates(app)
    app.jinja_env.globals.update(
        asset=asset, vendor=vendor, icon=icon, ago=ago, exact=exact, csp_nonce=csp_nonce
    )
    app.jinja_env.filters["number"] = formatted
    app.jinja_env.filters["memory"] = memory
    app.jinja_env.globals.update(area_name=words.area, state_name=words.state)
    app.jinja_env.globals |= {
        "settings_name": settings.product_name,
        "_": translated,
    }
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_context)


def _headers_of_files(*, tls: bool) -> Callable[[MutableMapping[str, str], str, str], None]:
    """Return what adds the headers of a static file.

    Files never reach Flask, so they need headers of their own.
    """
    fixed = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if tls:
        fixed["Strict-Transport-Security"] = STRICT_TRANSPORT

    def add(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
        for name, value in fixed.items():
            headers[name] = value

    return add


def asset(name: str) -> str:
    """Return the address of one of our static files, with a hash of its content."""
    return f"/static/{name}?v={_hash(STATIC / name)}"


def vendor(name: str) -> str:
    """Return the address of a file that an installed package ships."""
    return f"/static/vendor/{name}?v={_hash(VENDOR / name)}"


@cache
def icon(name: str) -> Markup:
    """Return an icon from our subset of Bootstrap Icons, hidden from screen readers."""
    svg = Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>')
    return svg.format(asset("icons.svg"), name)


def translated(text: str, **values: object) -> Markup:
    """Return the text in the reader's language, with the escaped values in it.

    It does what Jinja's `_` does in a tenth of the time. Jinja's asks for the language at each of
    fifty texts on a page, and formats also the texts without values.
    """
    if "translations" not in g:
        g.translations = get_translations()
    translation = g.translations.ugettext(text)
    html = Markup(translation)  # noqa: S704  # the texts are ours and their translations too
    return html % values if values else html


def csp_nonce() -> str:
    """Return the nonce that lets this answer's own scripts run, and no others."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


@cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _context() -> dict[str, object]:
    who = None if "database_away" in g else actor()
    return {
        "actor": who,
        "language": str(get_locale()).replace("_", "-"),
        "menu": menu.areas() if who else [],
        "viewing": view_as.banner(who),
        "account_pages": menu.account_pages(who) if who else [],
        "address_to_get": address_to_get(),
    }
