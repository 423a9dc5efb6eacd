"""What every template can use: versioned static files, icons, times, the menu, the actor."""

import hashlib
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale, get_translations
from markupsafe import Markup
from whitenoise import WhiteNoise

from views.web.actor import actor
from views.web.redirects import address_to_get
from views.web.times import ago, exact

STATIC = Path(__file__).parents[2] / "backoffice" / "static"
VENDOR = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
A_YEAR = 365 * 24 * 3600
STRICT_TRANSPORT = f"max-age={A_YEAR}; includeSubDomains"


def register(app: Flask) -> None:
    """Serve the static files for good, and give the templates their globals."""
    # Addresses carry a hash of the content, so browsers may keep them: nothing is asked for twice.
    headers = _headers_of_files(tls=app.extensions["settings"].tls)
    served = WhiteNoise(app.wsgi_app, max_age=A_YEAR, add_headers_function=headers)
    app.wsgi_app = served  # type: ignore[method-assign]  # Flask documents this
    served.add_files(str(STATIC), prefix="static/")
    served.add_files(str(VENDOR), prefix="static/vendor/")
    app.jinja_env.globals.update(
        asset=asset, vendor=vendor, icon=icon, ago=ago, exact=exact, csp_nonce=csp_nonce
    )
    app.jinja_env.globals |= {
        "settings_name": app.extensions["settings"].product_name,
        "_": translated,
    }
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_context)


def _headers_of_files(*, tls: bool) -> Callable[[Any, str, str], None]:
    """What a page says to the browser, as far as a file needs it: files never reach Flask."""
    fixed = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    } | ({"Strict-Transport-Security": STRICT_TRANSPORT} if tls else {})

    def add(headers: Any, _path: str, _url: str) -> None:
        for name, value in fixed.items():
            headers[name] = value

    return add


def asset(name: str) -> str:
    """The address of one of our static files, with a mark of its content."""
    return f"/static/{name}?v={_mark(STATIC / name)}"


def vendor(name: str) -> str:
    """The address of a file that an installed package ships."""
    return f"/static/vendor/{name}?v={_mark(VENDOR / name)}"


@cache
def icon(name: str) -> Markup:
    """An icon from our subset of Bootstrap Icons, hidden from screen readers."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        asset("icons.svg"), name
    )


def translated(text: str, **values: Any) -> Markup:
    """The text in the reader's language, with the escaped values in it. What Jinja's `_` does, in a tenth of its time:

    it asks for the language at each of fifty texts on a page, and treats also those as formats that are none.
    """
    if "translations" not in g:
        g.translations = get_translations()
    said = Markup(g.translations.ugettext(text))  # noqa: S704  # the texts are ours and their translations too
    return said % values if values else said


def csp_nonce() -> str:
    """The number that lets this answer's own scripts run, and no others."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _context() -> dict[str, Any]:
    who = None if "database_away" in g else actor()
    return {
        "actor": who,
        "language": str(get_locale()).replace("_", "-"),
        "menu": _menu() if who else [],
        "address_to_get": address_to_get(),
    }


def _menu() -> list[dict[str, Any]]:
    """The areas and their screens, as far as the actor may see them."""
    here = request.blueprint
    areas: dict[str, list[dict[str, Any]]] = {}
    for screen in current_app.extensions["screens"]:
        if screen.is_visible() and screen.is_accessible():
            entry = {
                "label": screen.name,
                "url": url_for(f"{screen.endpoint}.index"),
                "icon": screen.menu_icon_value,
            }
            areas.setdefault(screen.category, []).append(
                entry | {"active": screen.endpoint == here}
            )
    return [{"name": name, "entries": entries} for name, entries in areas.items()]
