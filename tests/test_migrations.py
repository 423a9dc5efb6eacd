"""The migrations lead to what the models say, and back, with people in the tables."""

from collections.abc import Iterator

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select

from app import create_app
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import system
from backoffice.services import accounts, events
from backoffice.settings import Settings

BY_HAND = {"ix_users_last_login", "ix_users_search_key_trigram"}  # what only migrations know; see migrations/env.py


@pytest.fixture
def installation(blank_database: str) -> Iterator[Flask]:
    """An application on a database without tables."""
    values = {"BACKOFFICE_ENV": "test", "DATABASE_URL": blank_database, "BASE_URL": "http://127.0.0.1"}
    app = create_app(Settings.from_environment(values))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    """Those of the models; the tables of the search index are no models."""
    found = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in found if "_search" not in name}


def revisions(app: Flask) -> list[str]:
    """Every revision, the newest first."""
    directory = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config("migrations"))
    assert len(directory.get_heads()) == 1, "one head, always"
    return [script.revision for script in directory.walk_revisions()]


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # of the index that is among BY_HAND
def test_the_migrations_make_what_the_models_say(installation: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.metadata)
    names = [getattr(d[-1], "name", "") for d in differences]
    assert [
        d for d, name in zip(differences, names, strict=True) if name not in BY_HAND and "_search" not in name
    ] == []


def test_a_populated_database_goes_back_step_by_step_and_forward_again(installation: Flask) -> None:
    flask_migrate.upgrade()
    accounts.create_administrator(actor=system(), email="olivia@example.com", first_name="Olivia")
    db.session.commit()
    *later, _first = revisions(installation)
    for _ in later:
        flask_migrate.downgrade()
        assert db.session.scalars(select(User.email)).all() == ["olivia@example.com"]
        db.session.remove()
    flask_migrate.upgrade()
    assert db.session.scalars(select(User.email)).all() == ["olivia@example.com"]
    assert events.verify() == []
    db.session.remove()
    flask_migrate.downgrade(revision="base")
    assert tables() == set()
    flask_migrate.upgrade()
    assert tables() == set(db.metadata.tables)
