"""Runs the migrations on the application's database, all of them in one transaction."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from alembic import context
from flask import current_app
from sqlalchemy import JSON, Connection, Table, text
from sqlalchemy.dialects import postgresql

from backoffice import readiness, schema
from backoffice.models.base import Base
from backoffice.models.columns import EXISTING
from backoffice.models.files import FilesType
from backoffice.models.types import UTCDateTime
from backoffice.queueing import PREFIX

database = current_app.extensions["migrate"].db
log = structlog.get_logger()
NOBODY = "-"  # no package can be called so
# The package that a migration is written for, by `flask backoffice new-migration`; '' for ours.
WRITTEN_FOR = context.get_x_argument(as_dictionary=True).get("app", "")


def render_item(kind: str, item: Any, writing: Any) -> str | bool:
    """Render our types as SQLAlchemy's own: migrations must not depend on code that may change."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, FilesType):
        item = item.impl_instance
    if kind == "type" and isinstance(item, JSON) and _is_jsonb(item):
        writing.imports.add("from sqlalchemy.dialects import postgresql")
        return JSON_WRITTEN
    return False


# Alembic would write the texts of JSONB as a name that nothing imports, and lists as our own type.
JSON_WRITTEN = (
    "sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')"
)


def _is_jsonb(item: JSON) -> bool:
    return isinstance(item.dialect_impl(postgresql.dialect()), postgresql.JSONB)


def owner_of(table: str) -> str:
    """Return the package that joins and has declared the table; '' for the product's own tables.

    A table that existed before the product came belongs to NOBODY here, and so does one that no
    model declares: no migration creates, changes or drops it.
    """
    declared = database.metadata.tables.get(table)
    if declared is None or EXISTING in declared.info:
        return NOBODY
    for mapper in Base.registry.mappers:
        tables = [mapper.local_table, *(each.secondary for each in mapper.relationships)]
        package = mapper.class_.__module__.partition(".")[0]
        if package in current_app.extensions["apps"] and any(
            isinstance(each, Table) and each.name == table for each in tables
        ):
            return package
    return ""


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Return whether Alembic manages the table or index in this run.

    It leaves alone what backoffice/schema.py declares, the tables that the queue of jobs creates
    for itself, and those of other packages than the one that a migration is written for.
    """
    if kind == "table" and str(name).startswith(f"{PREFIX}_"):
        return False
    if kind == "table" and owner_of(str(name)) != WRITTEN_FOR:
        return False
    if kind in ("table", "index"):
        return not schema.is_declared(str(name), kind)
    return True


def include_object(
    _object: Any, name: str | None, kind: str, _reflected: bool, _other: Any
) -> bool:
    """Return whether Alembic compares a table that the models declare."""
    return kind != "table" or owner_of(str(name)) == WRITTEN_FOR


def complete(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no file if autogenerate found no change; let another package's branch begin after ours.

    Its tables refer to ours.
    """
    is_generated = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_generated and directives[0].upgrade_ops.is_empty():
        directives.clear()
    elif directives[0].branch_label:
        directives[0].depends_on = sorted(readiness.own_heads())


@contextmanager
def copies_of_tables(connection: Connection) -> Iterator[None]:
    """Keep what would get lost when SQLite changes a table by copying it and dropping the original.

    By ON DELETE CASCADE, the drop would delete the rows of other tables that refer to it. So
    foreign keys are not enforced inside the block, and are checked at its end. Ids that were given
    once are never given again.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # has no effect once the transaction has begun
    try:
        given = numbers_given(connection)
        yield
        never_again(connection, given)
        check_foreign_keys(connection)
        connection.commit()
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def check_foreign_keys(connection: Connection) -> None:
    """Raise RuntimeError if rows refer to rows that do not exist."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        tables = sorted({row[0] for row in broken})
        raise RuntimeError(f"The migration left rows that point nowhere, in {tables}.")


def numbers_given(connection: Connection) -> dict[str, int]:
    """Return the highest id that each table ever gave, deleted rows included."""
    if not connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
        return {}
    rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
    return {row.name: row.seq for row in rows}


def never_again(connection: Connection, given: dict[str, int]) -> None:
    """Let copied tables continue their ids from those `given` before the migrations.

    A copy itself knows only the ids of the rows that are left.
    """
    numbered_tables = text(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    )
    forget = text("DELETE FROM sqlite_sequence WHERE name = :table")
    remember = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)")
    now = numbers_given(connection)
    for table in connection.scalars(numbered_tables).all():
        if now.get(table, 0) < given.get(table, 0):
            values = {"table": table, "highest": given[table]}
            connection.execute(forget, values)
            connection.execute(remember, values)


def tell_restored(names: Iterable[str], *, has_migrated: bool) -> None:
    """Log what was missing or out of date: after a migration that is usual, else it was lost."""
    restored = list(names)
    if has_migrated and restored:
        log.info("schema_restored", count=len(restored))
    elif restored:
        log.warning("schema_restored", names=restored)


# To copy a table of SQLite, Alembic reads it and the tables it refers to, and warns of the indexes
# that it cannot read.
warnings.filterwarnings("ignore", message="Skipped unsupported reflection")

with database.engine.connect() as connection, copies_of_tables(connection):
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=render_item,
        include_name=include_name,
        include_object=include_object,
        render_as_batch=True,
        process_revision_directives=complete,
    )
    with context.begin_transaction():
        before = context.get_context().get_current_heads()
        context.run_migrations()
        tell_restored(
            schema.restore(connection),
            has_migrated=context.get_context().get_current_heads() != before,
        )
    connection.commit()
