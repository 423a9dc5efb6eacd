"""What the database has and models cannot say: triggers, functions, and tables and indexes that Alembic does not see.

Alembic copies a table to change it on SQLite, and takes over what it can read of the old one; what stands here it
cannot read. So it is declared once, here, and `restore` makes what is missing or out of date: every run of migrations
ends with it, in whichever direction it went. A migration that needs one of these things adds it here and calls
`restore(op.get_bind())`.

A definition reads as the database gives it back, so that the two can be compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, inspect, text

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# An erasure may empty these columns of an event, and nothing else; see events/log.py.
ERASABLE = frozenset({"before", "after", "reason", "redacted_at"})
EMPTIED = "NEW.before IS NULL AND NEW.after IS NULL AND NEW.reason IS NULL AND NEW.redacted_at IS NOT NULL"
REFUSAL = "events are append-only"
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """One thing of one engine that belongs to `table`. `needs` are the columns without which it cannot be made.

    `definition` is the statement that makes it, worked out of the columns that the table has at that moment; of a
    function it is the body, after a `head`. A table that triggers keep is filled anew when it, or one of them, was
    missing.
    """

    engine: str
    kind: Literal["function", "table", "index", "trigger"]
    name: str
    table: str
    definition: Callable[[Columns], str]
    needs: frozenset[str] = frozenset()
    head: str = "() RETURNS trigger LANGUAGE plpgsql"
    fill: str = ""
    keepers: tuple[str, ...] = ()


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


RUNS = """
    SELECT array_agg(DISTINCT substr(padded, place, 3))
    FROM (SELECT '  ' || replace(texts, ' ', '  ') AS padded) AS prepared,
         generate_series(1, length(padded) - 2) AS place
"""


def _search_index_of_sqlite(base: str) -> Iterator[Declared]:
    """See models/search.py. What was indexed has to be said again, letter by letter, to take it out."""
    name, needs = f"{base}_search", frozenset({"search_key"})
    fts5 = "fts5(grams, content='', detail='none', tokenize='trigram case_sensitive 1')"
    runs = "'  ' || replace({}search_key, ' ', '  ')"
    add = f"INSERT INTO {name} (rowid, grams) VALUES (NEW.id, {runs.format('NEW.')});"
    remove = f"INSERT INTO {name} ({name}, rowid, grams) VALUES ('delete', OLD.id, {runs.format('OLD.')});"
    triggers = {
        f"{name}_insert": f"AFTER INSERT ON {base} BEGIN {add} END",
        f"{name}_update": f"AFTER UPDATE OF search_key ON {base} WHEN OLD.search_key IS NOT NEW.search_key "
        f"BEGIN {remove} {add} END",
        f"{name}_delete": f"AFTER DELETE ON {base} BEGIN {remove} END",
    }
    yield Declared(
        SQLITE,
        "table",
        name,
        base,
        _always(f"CREATE VIRTUAL TABLE {name} USING {fts5}"),
        needs,
        fill=f"INSERT INTO {name} (rowid, grams) SELECT id, {runs.format('')} FROM {base}",
        keepers=tuple(triggers),
    )
    for trigger, does in triggers.items():
        yield Declared(
            SQLITE, "trigger", trigger, base, _always(f"CREATE TRIGGER {trigger} {does}"), needs
        )


def _search_index_of_postgresql(base: str) -> Iterator[Declared]:
    name, needs = f"{base}_search", frozenset({"search_key"})
    changed = "WHEN (old.search_key::text IS DISTINCT FROM new.search_key::text) "
    triggers = {
        f"{name}_insert": f"AFTER INSERT ON {base} FOR EACH ROW ",
        f"{name}_update": f"AFTER UPDATE OF search_key ON {base} FOR EACH ROW {changed}",
        f"{name}_delete": f"AFTER DELETE ON {base} FOR EACH ROW ",
    }
    keep = f"""
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM {name} WHERE rowid = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.search_key <> '' THEN
        INSERT INTO {name} VALUES (NEW.id, search_grams(NEW.search_key));
    END IF;
    RETURN NULL;
END """
    head = "(texts text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
    yield Declared(POSTGRESQL, "function", "search_grams", base, _always(RUNS), needs, head=head)
    yield Declared(POSTGRESQL, "function", f"{name}_keep", base, _always(keep), needs)
    yield Declared(
        POSTGRESQL,
        "table",
        name,
        base,
        _always(f"CREATE TABLE {name} (rowid bigint NOT NULL, grams text[] NOT NULL)"),
        needs,
        fill=f"INSERT INTO {name} SELECT id, search_grams(search_key) FROM {base} WHERE search_key <> ''",
        keepers=tuple(triggers),
    )
    for index, indexed in (
        (f"ix_{name}_rowid", "btree (rowid)"),
        (f"ix_{name}_grams", "gin (grams)"),
    ):
        unique = "UNIQUE " if indexed.startswith("btree") else ""
        making = f"CREATE {unique}INDEX {index} ON {name} USING {indexed}"
        yield Declared(POSTGRESQL, "index", index, base, _always(making), needs)
    for trigger, when in triggers.items():
        making = f"CREATE TRIGGER {trigger} {when}EXECUTE FUNCTION {name}_keep()"
        yield Declared(POSTGRESQL, "trigger", trigger, base, _always(making), needs)


DECLARED = (
    Declared(
        SQLITE,
        "trigger",
        "events_no_delete",
        "events",
        _always(
            f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        ),
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
    *_search_index_of_sqlite("users"),
    *_search_index_of_postgresql("users"),
)
INDEXES = frozenset(one.name for one in DECLARED if one.kind == "index")
TABLES = tuple({one.name for one in DECLARED if one.kind == "table"})


def is_declared(name: str, kind: str) -> bool:
    """Whether a table or index stands here, or is one of the tables that FTS5 makes for one of ours."""
    return name.startswith(TABLES) if kind == "table" else name in INDEXES


PRESENT = {
    SQLITE: """
        SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
        UNION ALL SELECT type, name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_search' ESCAPE '\\'
    """,
    POSTGRESQL: """
        SELECT 'index', relname, pg_get_indexdef(indexrelid, 0, true)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid, true)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        UNION ALL SELECT 'table', relname, 'CREATE TABLE ' || relname || ' (' || string_agg(
            attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
            ', ' ORDER BY attnum) || ')'
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
        WHERE relkind = 'r' AND relname LIKE '%\\_search' AND relnamespace = current_schema()::regnamespace
        GROUP BY relname
    """,
}


def present(connection: Connection) -> dict[tuple[str, str], str]:
    """The definition of every index, trigger, function and search index that the database has, by kind and name."""
    rows = connection.execute(text(PRESENT[connection.dialect.name]))
    return {(kind, name): definition for kind, name, definition in rows}


def expected(connection: Connection) -> dict[tuple[str, str], str]:
    """The definitions that this database has to have, for the tables and columns that it has now."""
    tables = _columns(connection)
    return {
        (one.kind, one.name): one.definition(tables[one.table])
        for one in _of(connection)
        if one.table in tables and one.needs <= set(tables[one.table])
    }


def restore(connection: Connection) -> list[str]:
    """Make what is declared and missing, or was declared otherwise before; answer the names of it.

    In the transaction that the caller has begun. What belongs to a table that is gone is removed.
    """
    there, wanted = present(connection), expected(connection)
    done = []
    for one in _of(connection):
        definition = wanted.get((one.kind, one.name))
        if definition and _is_stale(one, there, wanted):
            _make(connection, one, definition)
            done.append(one.name)
            if one.kind == "table":
                there = present(connection)  # its indexes went with the old one
        elif not definition and (one.kind, one.name) in there and one.kind in {"function", "table"}:
            connection.exec_driver_sql(f"DROP {one.kind.upper()} {one.name}")
    return done


def forget_search(connection: Connection, base: str) -> None:
    """Drop the search index of `base` before all of its texts change; `restore` makes it again."""
    on_table = f" ON {base}" if connection.dialect.name == POSTGRESQL else ""
    for one in _of(connection):
        if one.kind == "table" and one.table == base:
            for trigger in one.keepers:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{on_table}")
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {one.name}")


def _of(connection: Connection) -> list[Declared]:
    return [one for one in DECLARED if one.engine == connection.dialect.name]


def _is_stale(
    one: Declared, there: dict[tuple[str, str], str], wanted: dict[tuple[str, str], str]
) -> bool:
    names = [(one.kind, one.name), *(("trigger", name) for name in one.keepers)]
    return any(there.get(name) != wanted[name] for name in names)


def _make(connection: Connection, one: Declared, definition: str) -> None:
    if one.kind == "function":  # the triggers that call it stay
        head = f"CREATE OR REPLACE FUNCTION {one.name}{one.head} AS $function$"
        connection.exec_driver_sql(f"{head}{definition}$function$")
        return
    of_table = f" ON {one.table}" if one.kind == "trigger" and one.engine == POSTGRESQL else ""
    connection.exec_driver_sql(f"DROP {one.kind.upper()} IF EXISTS {one.name}{of_table}")
    connection.exec_driver_sql(definition)
    if one.fill:
        connection.exec_driver_sql(one.fill)


def _columns(connection: Connection) -> dict[str, Columns]:
    """The columns of the tables that something is declared for, in their order."""
    inspector = inspect(connection)
    tables = {one.table for one in DECLARED} & set(inspector.get_table_names())
    return {
        name: tuple(column["name"] for column in inspector.get_columns(name)) for name in tables
    }
