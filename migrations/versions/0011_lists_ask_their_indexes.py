"""Indexes for what lists are asked; that of the letters in people's names stands in backoffice/schema.py."""

import sqlalchemy as sa
from alembic import op

from backoffice import schema

revision = "0011"
down_revision = "0010"
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
     "users.status <> 'invited' AND (users.login_method <> 'email' OR users.password_hash IS NULL)"),
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
        for table in ADDRESSES:  # PostgreSQL's usual hundred samples cannot tell a network of ten from one of a thousand
            op.execute(f"ALTER TABLE {table} ALTER COLUMN ip SET STATISTICS 1000")
    schema.restore(op.get_bind())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ADDRESSES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN ip SET STATISTICS -1")
    for table, columns in OLD:
        op.create_index(_name(table, columns), table, list(columns))
    for table, _columns, name, _condition in PARTIAL:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, columns, _options in NEW:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return "_".join(("ix", table, *columns))

