"""Rows of runs and events are told apart by any key, and their versions may be large numbers."""

import sqlalchemy as sa
from alembic import op

from backoffice import schema

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEX = "ix_events_subject_key"
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("events", sa.Column("subject_key", sa.Text(), nullable=True))
    is_there = sa.text("subject_key IS NOT NULL")
    op.create_index(
        INDEX,
        "events",
        ["subject_key", "subject_type", "id"],
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.add_column("bulk_items", sa.Column("row_key", sa.Text(), nullable=True))
    # SQLite keeps any whole number in such a column.
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("bulk_items", "version", type_=BIG)


# The items of runs over existing tables: the versions before were numbers that count changes.
FOREIGN = "row_key IS NOT NULL OR version NOT BETWEEN 0 AND 2147483647"


def downgrade() -> None:
    """Forget keys that are no numbers, and runs over existing tables: nothing names their rows.

    Events about such rows stay; their hashes cover the keys, so `verify-events` calls them changed.
    """
    op.execute(
        f"DELETE FROM bulk_runs WHERE id IN (SELECT run_id FROM bulk_items WHERE {FOREIGN})"  # noqa: S608  # our own words
    )
    op.execute("DELETE FROM bulk_items WHERE run_id NOT IN (SELECT id FROM bulk_runs)")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("bulk_items", "version", type_=sa.Integer())
    with op.batch_alter_table("bulk_items") as batch:
        batch.drop_column("row_key")
    op.drop_index(INDEX, "events")
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("subject_key")
