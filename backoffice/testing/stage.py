"""The product as tests use it: its settings, its app, and the database of one engine."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from huey.storage import MemoryStorage

from app import create_app
from backoffice.extensions import db
from backoffice.jobs import schedule
from backoffice.queueing import Queue
from backoffice.settings import Settings
from backoffice.testing.client import Client, Runner
from backoffice.testing.databases import Database, run_script


def settings_for(url: str, **others: Any) -> Settings:
    """Return the settings of a test: the cheapest argon2, a fixed key, and long time limits."""
    values = {"BACKOFFICE_ENV": "test", "DATABASE_URL": url, "SECRET_KEY": "0123456789abcdef" * 4}
    values |= {"BASE_URL": "http://127.0.0.1", "ARGON2_MEMORY_KIB": "8", "ARGON2_TIME_COST": "1"}
    # Races have more threads than a server, on machines that do other things as well.
    values |= {
        "HASHING_SLOTS": "200",
        "DATABASE_LOCK_TIMEOUT": "20",
        "DATABASE_STATEMENT_TIMEOUT": "20",
    }
    values |= {"DATABASE_POOL_TIMEOUT": "20"}
    values |= {"BACKOFFICE_APPS": os.environ.get("BACKOFFICE_APPS", "")}  # the packages under test
    values |= {"BACKOFFICE_DATABASES": os.environ.get("BACKOFFICE_DATABASES", "")}
    # What the stories about throttles count to, whatever the product's defaults are.
    values |= {"FAILURES_PER_5_MINUTES": "5", "FAILURES_PER_HOUR": "20"}
    values |= {
        "DENIALS_PER_MINUTE": "100000",
        "EXPORTS_PER_HOUR": "100000",
        "AVATARS_PER_HOUR": "100000",
        "UPLOADS_PER_HOUR": "100000",
    }
    return replace(Settings.from_environment(values), **others)


def made(settings: Settings) -> Flask:
    """Make the product itself, with our client as its test client."""
    app = create_app(settings)
    keep_tasks_in_memory(app)
    app.test_client_class = Client
    app.test_cli_runner_class = Runner
    app.config["TEST_BASE_URL"] = settings.base_url
    return app


def keep_tasks_in_memory(app: Flask) -> None:
    """Keep tasks in memory, whatever the environment is.

    No test should leave a file, a table or a connection behind that it did not ask for.
    """
    app.extensions["jobs"] = Queue(app, schedule(app), {"storage_class": MemoryStorage})


def migrated(url: str) -> None:
    """Bring a blank database to the newest migration, as `flask db upgrade` does.

    BACKOFFICE_TEST_TABLES is a file with the tables that a company has had before, as SQL.
    """
    if tables := os.environ.get("BACKOFFICE_TEST_TABLES"):
        run_script(url, Path(tables))
    app = create_app(settings_for(url))
    with app.app_context():
        try:
            flask_migrate.upgrade(revision="heads")
        finally:
            db.engine.dispose()


@dataclass
class Stage:
    """The app and database of one engine.

    A worker keeps them to its end, because building either takes longer than a test.
    """

    app: Flask
    database: Database
    settings: Settings

    def clear(self) -> None:
        """Return the database and the uploads to what the migrations leave."""
        self.database.restore("empty")
        shutil.rmtree(self.settings.uploads_dir, ignore_errors=True)
        self.settings.uploads_dir.mkdir(parents=True)
