"""Joins the parts into one application; decides nothing."""

from pathlib import Path

from flask import Flask

import backoffice.actions
import backoffice.models  # noqa: F401  # maps every entity
from backoffice import apps, commands, logs, mistakes
from backoffice.extensions import babel, csrf, db, jobs, migrate
from backoffice.jobs import schedule
from backoffice.places import DeclarationError
from backoffice.settings import Settings
from views import account, find, health, home, view_as
from views.screen import discovery, row_key_converter
from views.web import errors, headers, reader, retries, theme
from views.web.actor import login_manager
from views.web.configuration import flask_config


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application, configured by `settings` or else by the environment.

    Raises SettingsError, which lists every fault, if the configuration is incomplete or something
    is declared wrongly.
    """
    settings = settings or Settings.from_environment()
    logs.configure(settings)
    try:
        return _joined(settings)
    except DeclarationError as mistake:
        return mistakes.told(mistake)


def _joined(settings: Settings) -> Flask:
    app = _configured(settings)
    db.init_app(app)
    migrate.init_app(app)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=reader.language)
    jobs.init_app(app, schedule(app))
    login_manager.init_app(app, add_context_processor=False)
    retries.register(app)
    headers.register(app, settings)
    errors.register(app)
    theme.register(app)
    for part in (health, account, row_key_converter, discovery, home, find, view_as):
        part.register(app)
    commands.register(app)
    return app


def _configured(settings: Settings) -> Flask:
    """Return an app that knows its settings, the packages that join, and where its data lies."""
    # Data lies where the product is started; Flask would look for it beside the installed code.
    app = Flask("backoffice", instance_path=str(Path("instance").absolute()))
    app.extensions["settings"] = settings
    apps.join(app)
    app.config.update(flask_config(app))
    return app
