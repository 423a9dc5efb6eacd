"""Forms that arrived after their session had ended are kept for an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "unsent_forms",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_unsent_forms_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unsent_forms"),
        sa.UniqueConstraint("handle", name="uq_unsent_forms_handle"),
    )
    op.create_index("ix_unsent_forms_user_id_id", "unsent_forms", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("unsent_forms")
