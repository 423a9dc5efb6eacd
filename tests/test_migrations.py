"""The migrations lead to what the models and backoffice/schema.py say, and back.

They do so with people in the tables.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app import create_app
from backoffice import events, schema
from backoffice.extensions import db
from backoffice.settings import Settings
from backoffice.testing.databases import worker_name
from tests.support.catalog import catalog
from tests.support.databases import SharedWorkshop
from tests.support.old_database import fill, unguard

PEOPLE = 20
pytestmark = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection"
)  # of what schema.py declares


@pytest.fixture
def installation(blank_database: str) -> Iterator[Flask]:
    """Yield an application on a database without tables."""
    values = {
        "BACKOFFICE_ENV": "test",
        "DATABASE_URL": blank_database,
        "BASE_URL": "http://127.0.0.1",
    }
    app = create_app(Settings.from_environment(values))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def wanted(
    workshop: SharedWorkshop, engine_name: str, installation: Flask
) -> dict[tuple[str, ...], Any]:
    """Return the catalog of a database that was made from the models and the declaration alone."""
    engine = create_engine(workshop.blank(engine_name, worker_name()))
    with engine.begin() as connection:
        db.metadata.create_all(connection)
        schema.restore(connection)
        found = catalog(connection)
    engine.dispose()
    return found


def present() -> dict[tuple[str, ...], Any]:
    """Return the catalog of the installation's database."""
    db.session.remove()
    with db.engine.connect() as connection:
        return catalog(connection)


def revisions(app: Flask) -> list[str]:
    """Return every revision, the oldest first."""
    directory = ScriptDirectory.from_config(
        app.extensions["migrate"].migrate.get_config("migrations")
    )
    assert len(directory.get_heads()) == 1, "one head, always"
    return [script.revision for script in directory.walk_revisions()][::-1]


def people() -> int:
    with db.engine.connect() as connection:
        return (
            connection.scalar(
                text("SELECT count(*) FROM users JOIN user_groups ON user_id = users.id")
            )
            or 0
        )


def changed(act: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(act))


def test_alembic_finds_nothing_to_do_at_the_head(installation: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.metadata)
    names = [str(getattr(difference[-1], "name", "")) for difference in differences]
    assert [
        name
        for name in names
        if not any(schema.is_declared(name, kind) for kind in ("index", "table"))
    ] == []


def test_old_databases_with_people_become_what_the_models_say(
    installation: Flask, wanted: dict[tuple[str, ...], Any]
) -> None:
    """Compare names and definitions of everything: nothing is missing and nothing is left over."""
    on_the_way = {}
    flask_migrate.upgrade(revision="0001")
    unguard(db.engine)
    fill(db.engine, people=PEOPLE)
    for revision in revisions(installation):
        flask_migrate.upgrade(revision=revision)
        on_the_way[revision] = present()
    assert present() == wanted
    assert people() == PEOPLE
    for revision in revisions(installation)[-2::-1]:
        flask_migrate.downgrade(revision=revision)
        assert present() == on_the_way[revision], f"back at {revision}"
        assert people() == PEOPLE
    flask_migrate.upgrade()
    assert present() == wanted
    assert events.verify() == []


def test_back_to_the_beginning_nothing_is_left(installation: Flask) -> None:
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="base")
    assert [key for key in present() if key[0] != "function"] == []
    assert ("function", "events_append_only") not in present()
    flask_migrate.upgrade()
    tables = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert {name for name in tables if not schema.is_declared(name, "table")} == set(
        db.metadata.tables
    )


@pytest.mark.parametrize("lost", ["events", "users"])
def test_what_a_copy_of_the_table_lost_is_there_again(installation: Flask, lost: str) -> None:
    """Copy a table as migrations before 0007 did, without the end of migrations/env.py."""
    flask_migrate.upgrade(revision="0001")
    fill(db.engine, people=PEOPLE)
    flask_migrate.upgrade(revision="0006")
    before = present()
    unguard(db.engine, lost)
    assert present() != before
    flask_migrate.upgrade(revision="0007")
    after = present()
    assert {key: after.get(key) for key in before} == before
    with pytest.raises(DBAPIError, match="append-only"):
        changed("UPDATE events SET action = 'x'")


@pytest.mark.one_engine("sqlite", reason="PostgreSQL changes tables in place")
def test_a_copied_table_keeps_who_points_at_it_its_numbers_and_its_guards(
    installation: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    flask_migrate.upgrade(revision="0001")
    fill(db.engine, people=PEOPLE)
    flask_migrate.upgrade(revision="0006")
    changed(f"DELETE FROM users WHERE id = {PEOPLE}")
    before = present()

    def copies() -> None:
        from alembic import op

        for table in ("users", "events"):
            with op.batch_alter_table(
                table, recreate="always", table_kwargs={"sqlite_autoincrement": True}
            ):
                pass

    directory = ScriptDirectory.from_config(
        installation.extensions["migrate"].migrate.get_config("migrations")
    )
    module = directory.get_revision("0007").module
    monkeypatch.setattr(module, "upgrade", copies)
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda _config: directory)
    flask_migrate.upgrade(revision="0007")
    assert present() == before
    assert people() == PEOPLE - 1
    with db.engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'users'"))
            == PEOPLE
        )
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


OLD_ROWS = (
    ("Łukasz", "łukasz@straße.example", "łukasz@strasse.example", "+49 30 / 1234567"),
    ("İlhan", "jo@bücher.example", "jo@bücher.example", ""),
)


def test_the_rows_of_before_are_folded_anew_and_back(installation: Flask) -> None:
    flask_migrate.upgrade(revision="0004")
    columns = (
        "login_method, name_source, language, status, status_reason, password_state, two_factor, "
        "client_tags_mode"
    )
    values = "'email', 'self', 'en', 'active', '', 'none', 'disabled', 'all'"
    more = "uuid, created_at, updated_at, version, ip_whitelist, preferences, last_name, search_key"
    statement = text(
        f"INSERT INTO users ({columns}, {more}, first_name, email, email_key, phone) "
        f"VALUES ({values}, :uuid, '2026-01-01', '2026-01-01', 1, '[]', '{{}}', '', 'old', "
        ":first_name, :email, :email_key, :phone)"
    )
    names = ("first_name", "email", "email_key", "phone")
    for row in OLD_ROWS:
        db.session.execute(statement, {"uuid": uuid4().hex, **dict(zip(names, row, strict=True))})
    db.session.execute(text(
        "INSERT INTO client_tags "
        "(name, name_key, search_key, colour, version, created_at, updated_at) VALUES "
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
    assert [tuple(row) for row in db.session.execute(text(alike)).all()] == [
        ("café", "cafe"),
        ("cafe", None),
    ]
    db.session.rollback()
    flask_migrate.downgrade(revision="0004")
    assert [row.email_key for row in db.session.execute(text(keys)).all()] == [
        row[2] for row in OLD_ROWS
    ]
    db.session.rollback()
