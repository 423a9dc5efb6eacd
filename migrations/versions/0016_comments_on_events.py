"""People comment on events, and the result of a check of the events log is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backoffice import schema

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TEXTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "event_comments",
        sa.Column("id", BIG, nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("edited_at", MOMENT, nullable=True),
        sa.Column("redacted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_event_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_comments_event_id_id", "event_comments", ["event_id", "id"])
    op.create_table(
        "event_checks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("newest_id", BIG, nullable=False),
        sa.Column("newest_hash", sa.String(64), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("first_faults", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_checks"),
    )
    schema.restore(op.get_bind())


def downgrade() -> None:
    """Forget comments; the events that tell of them stay."""
    op.drop_table("event_checks")
    op.drop_table("event_comments")
