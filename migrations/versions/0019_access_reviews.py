"""Reviewers are asked whether people's access is still right."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.add_column(sa.Column("reviewer_id", NUMBER, nullable=True))
        batch.create_foreign_key(
            "fk_groups_reviewer_id", "users", ["reviewer_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_groups_reviewer_id", "groups", ["reviewer_id"])
    _create_reviews()
    _create_items()


def _create_reviews() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("people", sa.String(10), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("opened_by_id", NUMBER, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by_id", NUMBER, nullable=True),
        *_of_entities(),
        sa.CheckConstraint("state IN ('open', 'closed')", name="state"),
        _to("access_reviews", "opened_by_id", "users"),
        _to("access_reviews", "closed_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_access_reviews"),
        sqlite_autoincrement=True,
    )
    for column in ("state", "ends_at", "opened_by_id"):
        op.create_index(f"ix_access_reviews_{column}_id", "access_reviews", [column, "id"])
    op.create_index("ix_access_reviews_closed_by_id", "access_reviews", ["closed_by_id"])


def _create_items() -> None:
    table = "access_review_items"
    op.create_table(
        table,
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("review_id", NUMBER, nullable=False),
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=True),
        sa.Column("permission", sa.String(63), nullable=False),
        sa.Column("access", sa.String(80), nullable=False),
        sa.Column("reviewer_id", NUMBER, nullable=True),
        sa.Column("last_login_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("was_gone", sa.Boolean(), nullable=False),
        sa.Column("decided_by_id", NUMBER, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        *_of_entities(),
        sa.CheckConstraint(
            "decision IN ('undecided', 'keep', 'take_away', 'ask')",
            name="decision",
        ),
        _to(table, "review_id", "access_reviews", "CASCADE"),
        _to(table, "user_id", "users", "CASCADE"),
        _to(table, "group_id", "groups"),
        _to(table, "reviewer_id", "users"),
        _to(table, "decided_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )
    for column in (
        "review_id",
        "user_id",
        "group_id",
        "reviewer_id",
        "decided_by_id",
        "decision",
    ):
        op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def _of_entities() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )


def _to(table: str, column: str, target: str, gone: str = "SET NULL") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=gone)


def downgrade() -> None:
    """Forget the reviews; what was taken away stays taken."""
    op.drop_table("access_review_items")
    op.drop_table("access_reviews")
    op.drop_index("ix_groups_reviewer_id", "groups")
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.drop_constraint("fk_groups_reviewer_id", type_="foreignkey")
        batch.drop_column("reviewer_id")
