"""Joins the parts into one application; decides nothing."""

from flask import Flask

import backoffice.actions
import backoffice.models  # noqa: F401  # maps every entity
from backoffice import commands, logs
from backoffice.extensions import babel, csrf, db, jobs, migrate
from backoffice.jobs import SCHEDULE
from backoffice.settings import Settings
from views import account, errors, headers, health, home, reader, repeating, theme
from views.actor import login_manager
from views.configuration import flask_config
from views.screen import discovery


def create_app(settings: Settings | None = None) -> Flask:
    """The application, configured by `settings` or else by the environment.

    Raises SettingsError, which lists everything that is missing, where the configuration is incomplete.
    """
    settings = settings or Settings.from_environment()
    logs.configure(settings)
    app = Flask("backoffice")
    app.extensions["settings"] = settings
    app.config.update(flask_config(settings))
    db.init_app(app)
    migrate.init_app(app)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=reader.language)
    jobs.init_app(app, SCHEDULE)
    login_manager.init_app(app, add_context_processor=False)
    repeating.register(app)
    headers.register(app, settings)
    errors.register(app)
    theme.register(app)
    for part in (health, home, account, discovery):
        part.register(app)
    commands.register(app)
    return app
