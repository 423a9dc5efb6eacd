"""Views of lists are kept under a name, and shown to groups."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    key = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
    op.create_table(
        "saved_views",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("screen", sa.String(63), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_key", key, nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_saved_views_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("user_id", "screen", "name_key", name="uq_saved_views_user_id_screen_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_view_groups",
        sa.Column("saved_view_id", number, nullable=False),
        sa.Column("group_id", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["saved_view_id"], ["saved_views.id"], name="fk_saved_view_groups_saved_view_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_saved_view_groups_group_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("saved_view_id", "group_id", name="pk_saved_view_groups"),
    )
    op.create_index(
        "ix_saved_view_groups_group_id_saved_view_id", "saved_view_groups", ["group_id", "saved_view_id"]
    )


def downgrade() -> None:
    op.drop_table("saved_view_groups")
    op.drop_table("saved_views")
