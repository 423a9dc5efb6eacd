"""Describe a database as one dictionary; two databases that are built alike have equal ones."""

import re
from typing import Any

from sqlalchemy import Connection, inspect, text

from backoffice import schema

INTERNAL = ("alembic_version", "jobs_", "sqlite_")
# The catalog's own words for every constraint, those that SQLAlchemy does not read among them.
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
"""


def catalog(connection: Connection) -> dict[tuple[str, ...], Any]:
    """Return columns, keys, checks, indexes, triggers and functions with their definitions.

    They are sorted by kind, table and name.
    """
    found: dict[tuple[str, ...], Any] = dict(schema.present(connection))
    found = {key: _even(definition) for key, definition in found.items()}
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if not table.startswith(INTERNAL):
            for column in inspector.get_columns(table):
                what = (
                    str(column["type"]),
                    column["nullable"],
                    column["default"],
                    column.get("identity"),
                )
                found["column", table, column["name"]] = what
            if connection.dialect.name == "sqlite":
                found |= _sqlite(connection, table)
    if connection.dialect.name == "postgresql":
        for table, name, definition in connection.execute(text(CONSTRAINTS)):
            found["constraint", table, name] = definition
    return {key: value for key, value in found.items() if not key[1].startswith(INTERNAL)}


def _sqlite(connection: Connection, table: str) -> dict[tuple[str, ...], Any]:
    inspector = inspect(connection)
    sql = connection.scalar(
        text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}
    )
    found: dict[tuple[str, ...], Any] = {("numbers", table): "AUTOINCREMENT" in sql}
    # A table that counts its rows has a key without a name once it was copied.
    found["constraint", table, "primary key"] = inspector.get_pk_constraint(table)[
        "constrained_columns"
    ]
    for one in inspector.get_check_constraints(table):
        found["constraint", table, str(one["name"])] = _even(one["sqltext"])
    for one in inspector.get_unique_constraints(table):
        found["constraint", table, str(one["name"])] = one["column_names"]
    for key in inspector.get_foreign_keys(table):
        target = (key["referred_table"], key["referred_columns"], key["options"])
        found["constraint", table, str(key["name"])] = (key["constrained_columns"], target)
    return found


def _even(definition: str) -> str:
    return re.sub(r"\s+", " ", definition.replace('"', ""))
