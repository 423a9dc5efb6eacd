"""Deleting old links finds the mails that they were sent with by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEX = "ix_messages_token_id"
SENT_WITH_ONE = sa.text("token_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        INDEX,
        "messages",
        ["token_id"],
        sqlite_where=SENT_WITH_ONE,
        postgresql_where=SENT_WITH_ONE,
    )


def downgrade() -> None:
    op.drop_index(INDEX, "messages")
