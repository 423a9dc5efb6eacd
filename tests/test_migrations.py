"""The migrations lead to what the models say, and back, with people in the tables."""

from collections.abc import Iterator
from uuid import uuid4

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select, text

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
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


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
    assert [d for d in differences if getattr(d[-1], "name", "") not in BY_HAND] == []


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


OLD_ROWS = (
    ("Łukasz", "łukasz@straße.example", "łukasz@strasse.example", "+49 30 / 1234567"),
    ("İlhan", "jo@bücher.example", "jo@bücher.example", ""),
)


def test_the_rows_of_before_are_folded_anew_and_back(installation: Flask) -> None:
    flask_migrate.upgrade(revision="0004")
    columns = "login_method, name_source, language, status, status_reason, password_state, two_factor, client_tags_mode"
    values = "'email', 'self', 'en', 'active', '', 'none', 'disabled', 'all'"
    more = "uuid, created_at, updated_at, version, ip_whitelist, preferences, last_name, search_key"
    statement = text(
        f"INSERT INTO users ({columns}, {more}, first_name, email, email_key, phone) VALUES ({values}, "
        ":uuid, '2026-01-01', '2026-01-01', 1, '[]', '{}', '', 'old', :first_name, :email, :email_key, :phone)"
    )
    names = ("first_name", "email", "email_key", "phone")
    for row in OLD_ROWS:
        db.session.execute(statement, {"uuid": uuid4().hex, **dict(zip(names, row, strict=True))})
    db.session.execute(text(
        "INSERT INTO client_tags (name, name_key, search_key, colour, version, created_at, updated_at) VALUES "
        "('Café', 'café', '', 'red', 1, '2026-01-01', '2026-01-01'), "
        "('Cafe', 'cafe', '', 'red', 1, '2026-01-01', '2026-01-01')"
    ))  # fmt: skip
    db.session.commit()
    flask_migrate.upgrade()
    keys = "SELECT email_key, search_key FROM users ORDER BY id"
    assert [tuple(row) for row in db.session.execute(text(f"{keys}")).all()] == [
        ("łukasz@straße.example", "lukasz lukasz@strasse.example 49301234567"),
        ("jo@bücher.example", "ilhan jo@bucher.example"),
    ]
    alike = "SELECT name_key, name_skeleton FROM client_tags ORDER BY id"
    assert [tuple(row) for row in db.session.execute(text(alike)).all()] == [("café", "cafe"), ("cafe", None)]
    db.session.rollback()
    flask_migrate.downgrade(revision="0004")
    assert [row.email_key for row in db.session.execute(text(keys)).all()] == [row[2] for row in OLD_ROWS]
    db.session.rollback()
