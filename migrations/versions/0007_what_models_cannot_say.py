"""Triggers and indexes that models cannot say are back where a copy of their table lost them; whose picture it is."""

import sqlalchemy as sa
from alembic import op

from backoffice import schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema.restore(op.get_bind())
    some = sa.text("avatar IS NOT NULL")
    op.create_index("ix_users_avatar", "users", ["avatar"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    """What was restored stays: the tables were always meant to have it."""
    op.drop_index("ix_users_avatar", "users")
