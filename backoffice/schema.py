"""What the database has and models cannot say: triggers, functions, and indexes that Alembic does not see.

Alembic copies a table to change it on SQLite, and takes over what it can read of the old one; what stands here it
cannot read. So it is declared once, here, and `restore` makes what is missing or out of date: every run of migrations
ends with it, in whichever direction it went. A migration that needs one of these things adds it here and calls
`restore(op.get_bind())`.

A definition reads as the database gives it back, so that the two can be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# An erasure may empty these columns of an event, and nothing else; see services/events.py.
ERASABLE = frozenset({"before", "after", "reason", "redacted_at"})
EMPTIED = "NEW.before IS NULL AND NEW.after IS NULL AND NEW.reason IS NULL AND NEW.redacted_at IS NOT NULL"
REFUSAL = "events are append-only"
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """One thing of one engine that belongs to `table`. `needs` are the columns without which it cannot be made.

    `definition` is the statement that makes it, worked out of the columns that the table has at that moment; of a
    function it is the body. An index with an `extension` is left out where the server does not offer it.
    """

    engine: str
    kind: Literal["index", "trigger", "function"]
    name: str
    table: str
    definition: Callable[[Columns], str]
    needs: frozenset[str] = frozenset()
    extension: str = ""


def _always(statement: str) -> Callable[[Columns], str]:
    return lambda _columns: statement


def _sqlite_update(columns: Columns) -> str:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns if name not in ERASABLE)
    return (
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events "
        f"WHEN NOT ({same} AND {EMPTIED}) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _postgresql_body(columns: Columns) -> str:
    kept = [name for name in columns if name not in ERASABLE]
    new, old = (", ".join(f"{row}.{name}" for name in kept) for row in ("NEW", "OLD"))
    return f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF ({new}) IS NOT DISTINCT FROM ({old}) AND {EMPTIED} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '{REFUSAL}';
END """


DECLARED = (
    Declared(
        SQLITE,
        "trigger",
        "events_no_delete",
        "events",
        _always(f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"),
    ),
    # INSERT OR REPLACE deletes rows without asking the trigger above.
    Declared(
        SQLITE,
        "trigger",
        "events_no_replace",
        "events",
        _always(
            "CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN NEW.id <= (SELECT max(id) FROM events) "
            "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        ),
    ),
    Declared(SQLITE, "trigger", "events_no_update", "events", _sqlite_update),
    Declared(POSTGRESQL, "function", "events_append_only", "events", _postgresql_body),
    Declared(
        POSTGRESQL,
        "trigger",
        "events_append_only",
        "events",
        _always(
            "CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE ON events "
            "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
        ),
    ),
    Declared(
        POSTGRESQL,
        "trigger",
        "events_no_truncate",
        "events",
        _always(
            "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
            "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
        ),
    ),
    # SQLAlchemy skips indexes over expressions when it reads a table of SQLite, and so would a copy of the table.
    Declared(
        SQLITE,
        "index",
        "ix_users_last_login",
        "users",
        _always(
            "CREATE INDEX ix_users_last_login ON users (coalesce(last_login_at, '0001-01-01 00:00:00.000000'), id)"
        ),
        needs=frozenset({"last_login_at"}),
    ),
    Declared(
        POSTGRESQL,
        "index",
        "ix_users_last_login",
        "users",
        _always(
            "CREATE INDEX ix_users_last_login ON users USING btree "
            "(COALESCE(last_login_at, '0001-01-01 00:00:00+00'::timestamp with time zone), id)"
        ),
        needs=frozenset({"last_login_at"}),
    ),
    Declared(
        POSTGRESQL,
        "index",
        "ix_users_search_key_trigram",
        "users",
        _always("CREATE INDEX ix_users_search_key_trigram ON users USING gin (search_key gin_trgm_ops)"),
        needs=frozenset({"search_key"}),
        extension="pg_trgm",
    ),
)
INDEXES = frozenset(one.name for one in DECLARED if one.kind == "index")

PRESENT = {
    SQLITE: "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    POSTGRESQL: """
        SELECT 'index', relname, pg_get_indexdef(indexrelid, 0, true)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid, true)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    """,
}


def present(connection: Connection) -> dict[tuple[str, str], str]:
    """The definition of every index, trigger and function that the database has, by kind and name."""
    rows = connection.execute(text(PRESENT[connection.dialect.name]))
    return {(kind, name): definition for kind, name, definition in rows}


def expected(connection: Connection) -> dict[tuple[str, str], str]:
    """The definitions that this database has to have, for the tables and columns that it has now."""
    tables = _columns(connection)
    return {
        (one.kind, one.name): one.definition(tables[one.table])
        for one in DECLARED
        if one.engine == connection.dialect.name
        and one.table in tables
        and one.needs <= set(tables[one.table])
        and _is_offered(connection, one.extension)
    }


def restore(connection: Connection) -> list[str]:
    """Make what is declared and missing, or was declared otherwise before; answer the names of it.

    In the transaction that the caller has begun. What belongs to a table that is gone is removed.
    """
    there, wanted = present(connection), expected(connection)
    done = []
    for one in (one for one in DECLARED if one.engine == connection.dialect.name):
        found, definition = there.get((one.kind, one.name)), wanted.get((one.kind, one.name))
        if definition and found != definition and _make(connection, one, definition):
            done.append(one.name)
        elif found and not definition and one.kind == "function":
            connection.execute(text(f"DROP FUNCTION {one.name}()"))
    return done


def _make(connection: Connection, one: Declared, definition: str) -> bool:
    """Replace one thing; False where the server does not let us have its extension."""
    if one.kind == "function":  # the triggers that call it stay
        head = f"CREATE OR REPLACE FUNCTION {one.name}() RETURNS trigger LANGUAGE plpgsql AS $function$"
        connection.exec_driver_sql(f"{head}{definition}$function$")
        return True
    of_table = f" ON {one.table}" if one.kind == "trigger" and one.engine == POSTGRESQL else ""
    try:
        with connection.begin_nested():
            if one.extension:
                connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {one.extension}")
            connection.exec_driver_sql(f"DROP {one.kind.upper()} IF EXISTS {one.name}{of_table}")
            connection.exec_driver_sql(definition)
    except DBAPIError:
        if not one.extension:
            raise
        return False
    return True


def _columns(connection: Connection) -> dict[str, Columns]:
    """The columns of the tables that something is declared for, in their order."""
    inspector = inspect(connection)
    tables = {one.table for one in DECLARED} & set(inspector.get_table_names())
    return {name: tuple(column["name"] for column in inspector.get_columns(name)) for name in tables}


def _is_offered(connection: Connection, extension: str) -> bool:
    """Whether the server has it: trigrams are part of PostgreSQL's contrib, which some servers come without."""
    if not extension:
        return True
    found = text("SELECT 1 FROM pg_available_extensions WHERE name = :name")
    return connection.scalar(found, {"name": extension}) is not None
