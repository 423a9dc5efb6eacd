"""The events log can only grow, and lists are served by indexes."""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# An erasure may empty the details; every other column of an event stays as it was written.
COLUMNS = (
    "id", "at", "actor_id", "actor_groups", "action", "subject_type", "subject_id", "result", "ip", "request_id",
    "bulk_run_id", "details_hash", "previous_hash", "hash",
)  # fmt: skip


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    (_guard_postgresql if postgresql else _guard_sqlite)()
    never = "'0001-01-01 00:00:00+00'::timestamptz" if postgresql else "'0001-01-01 00:00:00.000000'"
    op.execute(f"CREATE INDEX ix_users_last_login ON users (coalesce(last_login_at, {never}), id)")
    if postgresql and _has_trigrams():
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_users_search_key_trigram ON users USING gin (search_key gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_users_search_key_trigram")
        op.execute("DROP TRIGGER events_no_truncate ON events")
        op.execute("DROP TRIGGER events_append_only ON events")
        op.execute("DROP FUNCTION events_append_only()")
    else:
        op.execute("DROP TRIGGER events_no_replace")
        op.execute("DROP TRIGGER events_no_delete")
        op.execute("DROP TRIGGER events_no_update")
    op.execute("DROP INDEX ix_users_last_login")


def _guard_sqlite() -> None:
    same = " AND ".join(f"NEW.{c} IS OLD.{c}" for c in COLUMNS)
    op.execute(
        "CREATE TRIGGER events_no_delete BEFORE DELETE ON events "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    )
    # INSERT OR REPLACE deletes rows without asking the trigger above.
    op.execute(
        "CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN NEW.id <= (SELECT max(id) FROM events) "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events "
        f"WHEN NOT ({same} AND NEW.before IS NULL AND NEW.after IS NULL AND NEW.reason IS NULL "
        "AND NEW.redacted_at IS NOT NULL) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    )


def _guard_postgresql() -> None:
    new, old = (", ".join(f"{row}.{c}" for c in COLUMNS) for row in ("NEW", "OLD"))
    op.execute(
        f"""
        CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF ({new}) IS NOT DISTINCT FROM ({old}) AND NEW.before IS NULL AND NEW.after IS NULL
                    AND NEW.reason IS NULL AND NEW.redacted_at IS NOT NULL THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'events are append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
    )
    op.execute(
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
    )


def _has_trigrams() -> bool:
    """The extension is part of PostgreSQL's contrib; without it search still works, by reading the table."""
    found = op.get_bind().execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"))
    return found.scalar() is not None
