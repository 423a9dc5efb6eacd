"""Runs the migrations on the application's database, all of them in one transaction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from backoffice import schema
from backoffice.models.types import UTCDateTime
from backoffice.queueing import PREFIX

database = current_app.extensions["migrate"].db
log = structlog.get_logger()


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Render our types as SQLAlchemy's own: migrations must not depend on code that may change."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Return whether Alembic manages the table or index.

    It leaves alone what backoffice/schema.py declares, and the tables that the queue of jobs
    creates for itself.
    """
    if kind == "table" and str(name).startswith(f"{PREFIX}_"):
        return False
    if kind in ("table", "index"):
        return not schema.is_declared(str(name), kind)
    return True


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no file if autogenerate found no change."""
    is_generated = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_generated and directives[0].upgrade_ops.is_empty():
        directives.clear()


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


# To copy a table of SQLite, Alembic reads it and the tables it refers to, and warns of the indexes
# that it cannot read.
warnings.filterwarnings("ignore", message="Skipped unsupported reflection")

with database.engine.connect() as connection, copies_of_tables(connection):
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=render_item,
        include_name=include_name,
        render_as_batch=True,
        process_revision_directives=skip_empty,
    )
    with context.begin_transaction():
        context.run_migrations()
        for name in schema.restore(connection):
            log.warning("schema_restored", name=name)
    connection.commit()
