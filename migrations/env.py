"""How Alembic reaches the application's database, in one transaction for the whole upgrade."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from backoffice import schema
from backoffice.models.base import UTCDateTime
from backoffice.queueing import PREFIX

database = current_app.extensions["migrate"].db
log = structlog.get_logger()


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations outlive the code: they name SQL's own types, not ours."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave alone what backoffice/schema.py declares, and the tables that the queue of jobs makes for itself."""
    if kind == "table":
        return not (str(name).startswith(f"{PREFIX}_") or schema.is_declared(str(name), kind))
    return not (kind == "index" and schema.is_declared(str(name), kind))


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """No file is written where nothing changed."""
    if (
        getattr(context.config.cmd_opts, "autogenerate", False)
        and directives[0].upgrade_ops.is_empty()
    ):
        directives.clear()


@contextmanager
def copies_of_tables(connection: Connection) -> Iterator[None]:
    """On SQLite, tables are copied to be changed: keep what would get lost with the original.

    Dropping it would delete, by ON DELETE CASCADE, what other tables say about its rows; so foreign keys are not
    enforced meanwhile, and are checked at the end. And numbers that were given once are never given again.
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
        if broken := connection.execute(text("PRAGMA foreign_key_check")).all():
            raise RuntimeError(
                f"The migration left rows that point nowhere, in {sorted({row[0] for row in broken})}."
            )
        connection.commit()
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def numbers_given(connection: Connection) -> dict[str, int]:
    """The highest number that each table ever gave, deleted rows included."""
    if not connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
        return {}
    rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
    return {row.name: row.seq for row in rows}


def never_again(connection: Connection, given: dict[str, int]) -> None:
    """Let tables that were copied count on from where the original was; the copy knows only rows that are left."""
    counting = text(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    )
    now = numbers_given(connection)
    for table in connection.scalars(counting).all():
        if now.get(table, 0) < given.get(table, 0):
            values = {"table": table, "highest": given[table]}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
            connection.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)"), values
            )


# SQLite copies a table to change it, and looks at those it points at: it says which indexes it cannot read.
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
