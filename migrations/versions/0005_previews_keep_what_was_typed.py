"""A preview keeps what was typed into it until it is run; secrets that are shown once wait for the page that does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("bulk_runs", sa.Column("draft", JSON, nullable=True))
    op.create_table(
        "handovers",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_INT, nullable=False),
        sa.Column("session_id", BIG_INT, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_handovers_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_handovers_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
        sa.UniqueConstraint("token", name="uq_handovers_token"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handovers_user_id", "handovers", ["user_id"])
    op.create_index("ix_handovers_session_id", "handovers", ["session_id"])


def downgrade() -> None:
    op.drop_table("handovers")
    op.drop_column("bulk_runs", "draft")
