"""The parts of the database that models cannot express: triggers, functions, and some tables.

Indexes that Alembic does not see belong to them too. To change a table on SQLite, Alembic copies
it, with everything it can read of the old one; it cannot read what is declared here. Therefore
these things are declared once, here, and `restore` creates what is missing or out of date. Every
run of migrations ends with it, in either direction. A migration that needs one of these things
adds it here and calls `restore(op.get_bind())`.

A definition is written as the database returns it, so that the two can be compared.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from backoffice.schema_objects import POSTGRESQL, SQLITE, Columns, SchemaObject, fixed
from backoffice.schema_of_events import OF_EVENTS

# The search index is described in models/search.py.
SEARCHED = ("users", "clients", "companies", "wallets")  # tables with a search index
NEEDED_FOR_SEARCH = frozenset({"search_key"})
FTS5 = "fts5(grams, content='', detail='none', tokenize='trigram case_sensitive 1')"
RUNS_OF_SQLITE = "'  ' || replace({}search_key, ' ', '  ')"
RUNS = """
    SELECT array_agg(DISTINCT substr(padded, place, 3))
    FROM (SELECT '  ' || replace(texts, ' ', '  ') AS padded) AS prepared,
         generate_series(1, length(padded) - 2) AS place
"""
HEAD_OF_RUNS = "(texts text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"


def _search_index_of_sqlite(base: str) -> Iterator[SchemaObject]:
    """Yield the search index of the table `base`, and the triggers that keep it."""
    name = f"{base}_search"
    triggers = _search_triggers_of_sqlite(base)
    runs = RUNS_OF_SQLITE.format("")
    yield SchemaObject(
        SQLITE,
        "table",
        name,
        base,
        fixed(f"CREATE VIRTUAL TABLE {name} USING {FTS5}"),
        NEEDED_FOR_SEARCH,
        fill=f"INSERT INTO {name} (rowid, grams) SELECT id, {runs} FROM {base}",
        triggers=tuple(triggers),
    )
    for trigger, action in triggers.items():
        definition = fixed(f"CREATE TRIGGER {trigger} {action}")
        yield SchemaObject(SQLITE, "trigger", trigger, base, definition, NEEDED_FOR_SEARCH)


def _search_triggers_of_sqlite(base: str) -> dict[str, str]:
    """Return what each trigger does, by its name.

    FTS5 removes an entry of such an index only if it is given exactly the text that was indexed.
    """
    name = f"{base}_search"
    new = RUNS_OF_SQLITE.format("NEW.")
    old = RUNS_OF_SQLITE.format("OLD.")
    add = f"INSERT INTO {name} (rowid, grams) VALUES (NEW.id, {new});"
    remove = f"INSERT INTO {name} ({name}, rowid, grams) VALUES ('delete', OLD.id, {old});"
    is_changed = "OLD.search_key IS NOT NEW.search_key"
    return {
        f"{name}_insert": f"AFTER INSERT ON {base} BEGIN {add} END",
        f"{name}_update": (
            f"AFTER UPDATE OF search_key ON {base} WHEN {is_changed} BEGIN {remove} {add} END"
        ),
        f"{name}_delete": f"AFTER DELETE ON {base} BEGIN {remove} END",
    }


def _search_index_of_postgresql(base: str) -> Iterator[SchemaObject]:
    """Yield the search index of the table `base`: functions, the index's table, and triggers."""
    name = f"{base}_search"
    needs = NEEDED_FOR_SEARCH
    runs = fixed(RUNS)
    yield SchemaObject(POSTGRESQL, "function", "search_grams", base, runs, needs, head=HEAD_OF_RUNS)
    body = fixed(_search_body_of_postgresql(name))
    yield SchemaObject(POSTGRESQL, "function", f"{name}_keep", base, body, needs)
    triggers = _search_triggers_of_postgresql(base)
    yield SchemaObject(
        POSTGRESQL,
        "table",
        name,
        base,
        fixed(f"CREATE TABLE {name} (rowid bigint NOT NULL, grams text[] NOT NULL)"),
        needs,
        fill=(
            f"INSERT INTO {name} SELECT id, search_grams(search_key) FROM {base} "
            "WHERE search_key <> ''"
        ),
        triggers=tuple(triggers),
    )
    for index, statement in _search_indexes_of_postgresql(name).items():
        yield SchemaObject(POSTGRESQL, "index", index, base, fixed(statement), needs)
    for trigger, statement in triggers.items():
        yield SchemaObject(POSTGRESQL, "trigger", trigger, base, fixed(statement), needs)


def _search_indexes_of_postgresql(name: str) -> dict[str, str]:
    """Return the statement that creates each index, by its name."""
    return {
        f"ix_{name}_rowid": f"CREATE UNIQUE INDEX ix_{name}_rowid ON {name} USING btree (rowid)",
        f"ix_{name}_grams": f"CREATE INDEX ix_{name}_grams ON {name} USING gin (grams)",
    }


def _search_body_of_postgresql(name: str) -> str:
    return f"""
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM {name} WHERE rowid = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.search_key <> '' THEN
        INSERT INTO {name} VALUES (NEW.id, search_grams(NEW.search_key));
    END IF;
    RETURN NULL;
END """


def _search_triggers_of_postgresql(base: str) -> dict[str, str]:
    """Return the statement that creates each trigger, by its name."""
    name = f"{base}_search"
    is_changed = "old.search_key::text IS DISTINCT FROM new.search_key::text"
    events = {
        f"{name}_insert": f"AFTER INSERT ON {base} FOR EACH ROW",
        f"{name}_update": f"AFTER UPDATE OF search_key ON {base} FOR EACH ROW WHEN ({is_changed})",
        f"{name}_delete": f"AFTER DELETE ON {base} FOR EACH ROW",
    }
    return {
        trigger: f"CREATE TRIGGER {trigger} {event} EXECUTE FUNCTION {name}_keep()"
        for trigger, event in events.items()
    }


DECLARED = (
    *OF_EVENTS,
    # When it reads a table of SQLite, SQLAlchemy skips indexes over expressions, so a copy of the
    # table would not have them.
    SchemaObject(
        SQLITE,
        "index",
        "ix_users_last_login",
        "users",
        fixed(
            "CREATE INDEX ix_users_last_login ON users "
            "(coalesce(last_login_at, '0001-01-01 00:00:00.000000'), id)"
        ),
        needs=frozenset({"last_login_at"}),
    ),
    SchemaObject(
        POSTGRESQL,
        "index",
        "ix_users_last_login",
        "users",
        fixed(
            "CREATE INDEX ix_users_last_login ON users USING btree "
            "(COALESCE(last_login_at, '0001-01-01 00:00:00+00'::timestamp with time zone), id)"
        ),
        needs=frozenset({"last_login_at"}),
    ),
    SchemaObject(
        SQLITE,
        "index",
        "ix_clients_email",
        "clients",
        fixed("CREATE INDEX ix_clients_email ON clients (coalesce(email_key, ''), id)"),
        needs=frozenset({"email_key"}),
    ),
    SchemaObject(
        POSTGRESQL,
        "index",
        "ix_clients_email",
        "clients",
        fixed(
            "CREATE INDEX ix_clients_email ON clients USING btree "
            "(COALESCE(email_key, ''::character varying), id)"
        ),
        needs=frozenset({"email_key"}),
    ),
    *(item for base in SEARCHED for item in _search_index_of_sqlite(base)),
    *(item for base in SEARCHED for item in _search_index_of_postgresql(base)),
)
INDEXES = frozenset(item.name for item in DECLARED if item.kind == "index")
TABLES = tuple({item.name for item in DECLARED if item.kind == "table"})


def is_declared(name: str, kind: str) -> bool:
    """Return whether the table or index is declared here.

    The tables that FTS5 creates for one of ours count as well; their names begin with its name.
    """
    return name.startswith(TABLES) if kind == "table" else name in INDEXES


PRESENT = {
    SQLITE: """
        SELECT type, name, sql FROM sqlite_master
        WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
        UNION ALL SELECT type, name, sql FROM sqlite_master
        WHERE type = 'table' AND name LIKE '%\\_search' ESCAPE '\\'
    """,
    POSTGRESQL: """
        SELECT 'index', relname, pg_get_indexdef(indexrelid, 0, true)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid, true)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
        UNION ALL SELECT 'table', relname, 'CREATE TABLE ' || relname || ' (' || string_agg(
            attname || ' ' || format_type(atttypid, atttypmod)
            || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
            ', ' ORDER BY attnum) || ')'
        FROM pg_class JOIN pg_attribute
            ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
        WHERE relkind = 'r' AND relname LIKE '%\\_search'
            AND relnamespace = current_schema()::regnamespace
        GROUP BY relname
    """,
}


def present(connection: Connection) -> dict[tuple[str, str], str]:
    """Return the definitions that the database has, by kind and name.

    These are all indexes, triggers, functions and tables of search indexes.
    """
    rows = connection.execute(text(PRESENT[connection.dialect.name]))
    return {(kind, name): definition for kind, name, definition in rows}


def expected(connection: Connection) -> dict[tuple[str, str], str]:
    """Return the definitions that the database should have, for its current tables and columns."""
    tables = _columns(connection)
    definitions: dict[tuple[str, str], str] = {}
    for item in _declared_for(connection):
        columns = tables.get(item.table)
        if columns is not None and item.needs <= set(columns):
            definitions[item.kind, item.name] = item.definition(columns)
    return definitions


def restore(connection: Connection) -> list[str]:
    """Create what is declared but missing, or was declared differently before; return its names.

    Functions and tables whose own table is gone are dropped. Everything happens in the transaction
    that the caller has begun.
    """
    actual = present(connection)
    wanted = expected(connection)
    restored = []
    for item in _declared_for(connection):
        key = (item.kind, item.name)
        definition = wanted.get(key)
        if definition and _is_stale(item, actual, wanted):
            _make(connection, item, definition)
            restored.append(item.name)
            if item.kind == "table":
                actual = present(connection)  # its indexes were dropped with the old table
        elif not definition and key in actual and item.kind in {"function", "table"}:
            connection.exec_driver_sql(f"DROP {item.kind.upper()} {item.name}")
            del actual[key]  # several tables may have needed the same function
    return restored


def forget_search(connection: Connection, base: str) -> None:
    """Drop the search index of `base` before all its texts change; `restore` creates it again."""
    on_table = f" ON {base}" if connection.dialect.name == POSTGRESQL else ""
    for index in _declared_for(connection):
        if index.kind != "table" or index.table != base:
            continue
        for trigger in index.triggers:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{on_table}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {index.name}")


def _declared_for(connection: Connection) -> list[SchemaObject]:
    return [item for item in DECLARED if item.engine == connection.dialect.name]


def _is_stale(
    item: SchemaObject, actual: dict[tuple[str, str], str], wanted: dict[tuple[str, str], str]
) -> bool:
    """Return whether `item`, or a trigger that keeps it, is missing or is defined otherwise."""
    keys = [(item.kind, item.name), *(("trigger", name) for name in item.triggers)]
    return any(actual.get(key) != wanted[key] for key in keys)


def _make(connection: Connection, item: SchemaObject, definition: str) -> None:
    if item.kind == "function":  # replaced, because triggers that call it depend on it
        head = f"CREATE OR REPLACE FUNCTION {item.name}{item.head} AS $function$"
        connection.exec_driver_sql(f"{head}{definition}$function$")
        return
    of_table = f" ON {item.table}" if item.kind == "trigger" and item.engine == POSTGRESQL else ""
    connection.exec_driver_sql(f"DROP {item.kind.upper()} IF EXISTS {item.name}{of_table}")
    connection.exec_driver_sql(definition)
    if item.fill:
        connection.exec_driver_sql(item.fill)


def _columns(connection: Connection) -> dict[str, Columns]:
    """Return the columns, in their order, of every table that something is declared for."""
    inspector = inspect(connection)
    tables = {item.table for item in DECLARED} & set(inspector.get_table_names())
    return {
        name: tuple(column["name"] for column in inspector.get_columns(name)) for name in tables
    }
