"""The index that sorts people by name also holds their status, so that a search can be counted without the table."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_users_search_key_id_status", "users", ["search_key", "id", "status"])
    op.drop_index("ix_users_search_key_id", "users")


def downgrade() -> None:
    op.create_index("ix_users_search_key_id", "users", ["search_key", "id"])
    op.drop_index("ix_users_search_key_id_status", "users")
