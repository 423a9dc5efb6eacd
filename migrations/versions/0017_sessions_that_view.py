"""A session can view the pages as another person gets them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("viewing_id", BIG, nullable=True))
    op.add_column(
        "sessions", sa.Column("viewing_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "sessions",
        sa.Column("viewing_rights", sa.String(64), nullable=False, server_default=""),
    )


def downgrade() -> None:
    """Forget as whom sessions view: everybody is themselves again."""
    for name in ("viewing_rights", "viewing_until", "viewing_id"):
        op.drop_column("sessions", name)
