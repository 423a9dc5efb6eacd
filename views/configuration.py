"""What Flask and its extensions are told, from the settings."""

from typing import Any

from backoffice.settings import Settings

BODY_LIMIT = 4 * 1024 * 1024  # bytes
FORM_PARTS = 2000  # enough for 1,000 ticked rows


def flask_config(settings: Settings) -> dict[str, Any]:
    """The configuration of the application; what is not here is Flask's default."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url.url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
        "MAX_FORM_MEMORY_SIZE": BODY_LIMIT,
        "MAX_FORM_PARTS": FORM_PARTS,
        "SESSION_COOKIE_NAME": "__Host-backoffice" if settings.tls else "backoffice",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,  # views.headers checks it, after it knows who is asking
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # the token suffices; a Referer may be missing for good reasons
    }


def _engine_options(settings: Settings) -> dict[str, object]:
    """Parameters never reach a log; a dead PostgreSQL connection is noticed before it is used."""
    options: dict[str, object] = {"hide_parameters": True}
    if not settings.database_url.is_sqlite:
        options |= {"pool_pre_ping": True, "pool_timeout": 5, "connect_args": {"connect_timeout": 3}}
    return options
