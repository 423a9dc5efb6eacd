"""Indexes for what lists are asked, and an index of the runs of letters in people's names."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0004"
branch_labels = None
depends_on = None

PATTERN = {"postgresql_ops": {"ip": "text_pattern_ops"}}  # so that it serves beginnings in any collation
NEW = (
    ("bulk_runs", ("created_at", "id"), {}),
    ("bulk_runs", ("action", "created_at", "id"), {}),
    ("events", ("at", "id"), {}),
    ("events", ("result", "at", "id"), {}),
    ("events", ("subject_type", "at", "id"), {}),
    ("events", ("ip", "at", "id"), PATTERN),
    ("events", ("action", "at", "id"), {}),
    ("events", ("actor_id", "at", "id"), {}),
    ("events", ("bulk_run_id", "at", "id"), {}),
    ("messages", ("purpose", "created_at", "id"), {}),
    ("sessions", ("ip", "created_at", "id"), PATTERN),
    ("sessions", ("kind", "created_at", "id"), {}),
    ("sign_in_attempts", ("ip", "at", "id"), PATTERN),
    ("sign_in_attempts", ("result", "at", "id"), {}),
    ("sign_in_attempts", ("factor", "at", "id"), {}),
    ("users", ("two_factor", "id"), {}),
    ("users", ("login_method", "id"), {}),
    ("users", ("created_by_id", "id"), {}),
    ("user_groups", ("group_id", "user_id"), {}),
    ("user_client_tags", ("client_tag_id", "user_id"), {}),
)
# Only of the rows that are asked for, which are few.
PARTIAL = (
    ("sessions", ("expires_at", "id"), "open", "ended_at IS NULL"),
    ("tokens", ("purpose", "expires_at", "user_id"), "open",
     "used_at IS NULL AND superseded_at IS NULL AND revoked_at IS NULL"),
    ("sessions", ("created_at", "id"), "ended", "ended_at IS NOT NULL"),
    ("users", ("id",), "never_invited",
     "status <> 'invited' AND (login_method <> 'email' OR password_hash IS NULL)"),
)  # fmt: skip
OLD = (
    ("events", ("action", "id")),
    ("events", ("actor_id", "id")),
    ("events", ("bulk_run_id",)),
    ("user_groups", ("group_id",)),
    ("user_client_tags", ("client_tag_id",)),
    ("users", ("created_by_id",)),
)
ADDRESSES = ("events", "sessions", "sign_in_attempts")
TEXTS = "NEW.search_key || ' ' || lower(NEW.phone)"


def upgrade() -> None:
    for table, columns, options in NEW:
        op.create_index(_name(table, columns), table, list(columns), **options)
    for table, columns, name, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(f"ix_{table}_{name}", table, list(columns), postgresql_where=where, sqlite_where=where)
    for table, columns in OLD:
        op.drop_index(_name(table, columns), table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_users_search_key_trigram")
        _index_texts_in_postgresql()
        for table in ADDRESSES:  # PostgreSQL's usual hundred samples cannot tell a network of ten from one of a thousand
            op.execute(f"ALTER TABLE {table} ALTER COLUMN ip SET STATISTICS 1000")
    else:
        _index_texts_in_sqlite()


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for when in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER users_search_{when}{' ON users' if postgresql else ''}")
    op.execute("DROP TABLE users_search")
    if postgresql:
        for table in ADDRESSES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN ip SET STATISTICS -1")
        for function in ("users_search_keep()", "search_grams(text)"):
            op.execute(f"DROP FUNCTION {function}")
    for table, columns in OLD:
        op.create_index(_name(table, columns), table, list(columns))
    for table, _columns, name, _condition in PARTIAL:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, columns, _options in NEW:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return "_".join(("ix", table, *columns))


def _index_texts_in_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION search_grams(texts text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT array_agg(DISTINCT substr(padded, place, 3))
            FROM (SELECT '  ' || replace(texts, ' ', '  ') AS padded) AS prepared,
                 generate_series(1, length(padded) - 2) AS place
        $$
        """
    )
    op.execute("CREATE TABLE users_search (rowid bigint PRIMARY KEY, grams text[] NOT NULL)")
    op.execute(
        "INSERT INTO users_search "
        "SELECT id, search_grams(search_key || ' ' || lower(phone)) FROM users WHERE search_key <> ''"
    )
    op.execute("CREATE INDEX ix_users_search_grams ON users_search USING gin (grams)")
    op.execute(
        f"""
        CREATE FUNCTION users_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                DELETE FROM users_search WHERE rowid = OLD.id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.search_key <> '' THEN
                INSERT INTO users_search VALUES (NEW.id, search_grams({TEXTS}));
            END IF;
            RETURN NULL;
        END $$
        """
    )
    each = "FOR EACH ROW"
    keep = "EXECUTE FUNCTION users_search_keep()"
    moved = "WHEN ((OLD.search_key, OLD.phone) IS DISTINCT FROM (NEW.search_key, NEW.phone))"
    op.execute(f"CREATE TRIGGER users_search_insert AFTER INSERT ON users {each} {keep}")
    op.execute(
        f"CREATE TRIGGER users_search_update AFTER UPDATE OF search_key, phone ON users {each} {moved} {keep}"
    )
    op.execute(f"CREATE TRIGGER users_search_delete AFTER DELETE ON users {each} {keep}")


def _index_texts_in_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE users_search "
        "USING fts5(grams, content='', detail='none', tokenize='trigram case_sensitive 1')"
    )
    new = f"'  ' || replace({TEXTS}, ' ', '  ')"
    old = new.replace("NEW.", "OLD.")
    op.execute(f"INSERT INTO users_search (rowid, grams) SELECT id, {new.replace('NEW.', '')} FROM users")
    add = f"INSERT INTO users_search (rowid, grams) VALUES (NEW.id, {new});"
    # What was indexed has to be said again, letter by letter, to take it out.
    remove = f"INSERT INTO users_search (users_search, rowid, grams) VALUES ('delete', OLD.id, {old});"
    moved = "WHEN (OLD.search_key, OLD.phone) IS NOT (NEW.search_key, NEW.phone)"
    op.execute(f"CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN {add} END")
    op.execute(
        f"CREATE TRIGGER users_search_update AFTER UPDATE OF search_key, phone ON users {moved} "
        f"BEGIN {remove} {add} END"
    )
    op.execute(f"CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN {remove} END")
