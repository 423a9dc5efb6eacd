"""What Flask and its extensions are told, from the settings."""

from typing import Any

from backoffice import limits
from backoffice.database import engine_options
from backoffice.settings import Settings


def flask_config(settings: Settings) -> dict[str, Any]:
    """The configuration of the application; what is not here is Flask's default."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url.url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings),
        "MAX_CONTENT_LENGTH": limits.BODY,
        "MAX_FORM_MEMORY_SIZE": limits.BODY,
        "MAX_FORM_PARTS": limits.FORM_PARTS,
        "SESSION_COOKIE_NAME": "__Host-backoffice" if settings.tls else "backoffice",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,  # views.web.headers checks it, after it knows who is asking
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # the token suffices; a Referer may be missing for good reasons
    }
