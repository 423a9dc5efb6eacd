"""Triggers and indexes that models cannot say are there again where a copy of their table lost them."""

from alembic import op

from backoffice import schema

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema.restore(op.get_bind())


def downgrade() -> None:
    """Nothing to take back: the tables were always meant to have them."""
