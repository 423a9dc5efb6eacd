"""People have permissions beside those of their groups, and memberships may end."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ENDS = sa.text("ends_at IS NOT NULL")
OLD_INDEX = "ix_user_groups_group_id_user_id"
INDEX = "ix_user_groups_group_id_user_id_ends_at"


def upgrade() -> None:
    with op.batch_alter_table("user_groups") as batch:
        batch.add_column(sa.Column("ends_at", MOMENT, nullable=True))
        batch.add_column(sa.Column("given_by_id", NUMBER, nullable=True))
        batch.add_column(sa.Column("told_at", MOMENT, nullable=True))
        batch.create_foreign_key(
            "fk_user_groups_given_by_id", "users", ["given_by_id"], ["id"], ondelete="SET NULL"
        )
    op.drop_index(OLD_INDEX, "user_groups")
    op.create_index(INDEX, "user_groups", ["group_id", "user_id", "ends_at"])
    op.create_index(
        "ix_user_groups_ends_at",
        "user_groups",
        ["ends_at"],
        sqlite_where=ENDS,
        postgresql_where=ENDS,
    )
    _create_direct_grants()


def _create_direct_grants() -> None:
    op.create_table(
        "direct_grants",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("permission", sa.String(63), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("given_by_id", NUMBER, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_direct_grants_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["users.id"], name="fk_direct_grants_given_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_direct_grants"),
        sa.UniqueConstraint("user_id", "permission", name="uq_direct_grants_user_id_permission"),
        sqlite_autoincrement=True,
    )
    for column in ("permission", "given_by_id", "created_at"):
        op.create_index(f"ix_direct_grants_{column}_id", "direct_grants", [column, "id"])
    op.create_index(
        "ix_direct_grants_ends_at",
        "direct_grants",
        ["ends_at", "id"],
        sqlite_where=ENDS,
        postgresql_where=ENDS,
    )


def downgrade() -> None:
    """Forget the extra permissions; memberships whose end has come are removed, others stay."""
    op.drop_table("direct_grants")
    op.execute("DELETE FROM user_groups WHERE ends_at <= CURRENT_TIMESTAMP")
    op.drop_index("ix_user_groups_ends_at", "user_groups")
    op.drop_index(INDEX, "user_groups")
    with op.batch_alter_table("user_groups") as batch:
        batch.drop_constraint("fk_user_groups_given_by_id", type_="foreignkey")
        batch.drop_column("told_at")
        batch.drop_column("given_by_id")
        batch.drop_column("ends_at")
    op.create_index(OLD_INDEX, "user_groups", ["group_id", "user_id"])
