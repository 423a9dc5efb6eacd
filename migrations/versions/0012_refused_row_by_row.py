"""A sentence for rows that no rule of the action refuses, but a check of the row itself."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("message", sa.String(300), server_default="", nullable=False)
    op.add_column("bulk_items", column)


def downgrade() -> None:
    with op.batch_alter_table("bulk_items") as batch:
        batch.drop_column("message")
