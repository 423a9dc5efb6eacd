"""The events log can only grow, and lists are served by indexes; backoffice/schema.py says how."""

from alembic import op

from backoffice import schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema.restore(op.get_bind())


def downgrade() -> None:
    """The guards stay as long as their tables: nobody should be able to rewrite the log in between."""
