"""Joins the parts into one application; decides nothing."""

from flask import Flask

import backoffice.actions
import backoffice.models  # noqa: F401  # maps every entity
from backoffice import commands, logs
from backoffice.extensions import babel, csrf, db, migrate
from backoffice.settings import Settings
from views import errors, headers, health, home, theme
from views.account import sign_in
from views.actor import login_manager
from views.screen import discovery

BODY_LIMIT = 4 * 1024 * 1024  # bytes
FORM_PARTS = 2000  # enough for 1,000 ticked rows


def create_app(settings: Settings | None = None) -> Flask:
    """The application, configured by `settings` or else by the environment.

    Raises SettingsError, which lists everything that is missing, where the configuration is incomplete.
    """
    settings = settings or Settings.from_environment()
    logs.configure(settings)
    app = Flask("backoffice")
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FORM_PARTS,
        TRUSTED_HOSTS=[settings.host.rpartition(":")[0] or settings.host],
        SESSION_COOKIE_NAME="__Host-backoffice" if settings.tls else "backoffice",
        SESSION_COOKIE_SECURE=settings.tls,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # views.headers checks it, after it knows who is asking
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # the token suffices; a Referer may be missing for good reasons
    )
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    babel.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    headers.register(app, settings)
    errors.register(app)
    theme.register(app)
    for part in (health, home, sign_in, discovery):
        part.register(app)
    commands.register(app)
    return app


def _engine_options(settings: Settings) -> dict[str, object]:
    """Parameters never reach a log; a dead PostgreSQL connection is noticed before it is used."""
    options: dict[str, object] = {"hide_parameters": True}
    if settings.database_url.startswith("postgresql"):
        options |= {"pool_pre_ping": True, "pool_timeout": 5, "connect_args": {"connect_timeout": 3}}
    return options
