"""Every group has a key, and sheets of groups are imported."""

import re
from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
GROUPS = sa.table("groups", sa.column("id"), sa.column("key"), sa.column("name_key"))


def upgrade() -> None:
    _give_keys()
    with op.batch_alter_table("groups", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("key", existing_type=sa.String(40), nullable=False)
    op.create_table(
        "sheet_imports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("actor_id", NUMBER, nullable=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("memory", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'done', 'undone')", name=op.f("ck_sheet_imports_state")),
        sa.CheckConstraint("mode IN ('create', 'merge', 'replace')", name=op.f("ck_sheet_imports_mode")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_sheet_imports_actor_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_sheet_imports"),
        sa.UniqueConstraint("token", name="uq_sheet_imports_token"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sheet_imports_actor_id", "sheet_imports", ["actor_id"])
    op.create_index("ix_sheet_imports_state_created_at", "sheet_imports", ["state", "created_at"])


def downgrade() -> None:
    """Forget the keys, but for those of the groups that come with a new installation."""
    op.drop_table("sheet_imports")
    with op.batch_alter_table("groups", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("key", existing_type=sa.String(40), nullable=True)
    op.execute("UPDATE groups SET key = NULL WHERE NOT is_system")


def _give_keys() -> None:
    """Give a key to each group without one; it is made of the folded name."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(GROUPS).order_by(GROUPS.c.id)).all()
    taken = {row.key for row in rows if row.key}
    for row in rows:
        if row.key:
            continue
        key = free = _key(row.name_key)
        number = 1
        while free in taken:
            number += 1
            free = f"{key[:40 - len(f'_{number}')]}_{number}"
        taken.add(free)
        connection.execute(sa.update(GROUPS).where(GROUPS.c.id == row.id).values(key=free))


def _key(folded: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")
    if plain and plain.replace("_", " ") == folded and len(plain) <= 40:
        return plain
    return f"{plain[:31].strip('_') or 'group'}_{sha256(folded.encode()).hexdigest()[:8]}"
