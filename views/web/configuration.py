"""Configure Flask and its extensions from the settings."""

from flask import Flask

from backoffice import apps, languages, limits
from backoffice.database import engine_options
from backoffice.settings import Settings


def flask_config(app: Flask) -> dict[str, object]:
    """Return the application's configuration; what is not here is Flask's default."""
    settings: Settings = app.extensions["settings"]
    translations = apps.folders(app.extensions["apps"], "translations")
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url.url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings, settings.database_url),
        "SQLALCHEMY_BINDS": {
            name: {"url": address.url, **engine_options(settings, address)}
            for name, address in settings.backoffice_databases
        },
        "MAX_CONTENT_LENGTH": limits.BODY,
        "MAX_FORM_MEMORY_SIZE": limits.BODY,
        "MAX_FORM_PARTS": limits.FORM_PARTS,
        "SESSION_COOKIE_NAME": "__Host-backoffice" if settings.tls else "backoffice",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "BABEL_TRANSLATION_DIRECTORIES": ";".join(map(str, [languages.FOLDER, *translations])),
        # views.web.headers checks the token, in its place among the other checks.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        # The token suffices; a Referer may be missing for good reasons.
        "WTF_CSRF_SSL_STRICT": False,
    }
