"""Nodes of the organisation, to which people, groups, clients and companies belong."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TEXTS = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NUMBERED = {"sqlite_autoincrement": True}
KINDS = "('root', 'service_provider', 'platform_account', 'sub_account')"
LEVELS = "('service_provider', 'platform_account', 'sub_account')"
MODES = "('whole', 'all', 'only')"
ACCOUNTS = ("platform_accounts", "sub_accounts")
BELONGING = ("users", "clients", "companies")
HAS_NODE = sa.text("node_id IS NOT NULL")


def upgrade() -> None:
    _create_nodes()
    _create_paths()
    _plant_root()
    for table in BELONGING:
        _add_node(table)
    with op.batch_alter_table("users", table_kwargs=NUMBERED) as batch:
        for accounts in ACCOUNTS:
            mode = sa.Column(f"{accounts}_mode", sa.String(5), server_default="whole")
            mode.nullable = False
            batch.add_column(mode)
            batch.create_check_constraint(f"{accounts}_mode", f"{accounts}_mode IN {MODES}")
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.add_column(sa.Column("node_id", NUMBER, nullable=True))
        batch.add_column(sa.Column("level", sa.String(20), nullable=True))
        batch.create_check_constraint("level", f"level IN {LEVELS}")
        _refer(batch, "groups")
        batch.create_index("ix_groups_node_id_id", ["node_id", "id"])
    for accounts in ACCOUNTS:
        _create_accounts(f"user_{accounts}")
    op.add_column("events", sa.Column("node_id", NUMBER, nullable=True))
    op.create_index(
        "ix_events_node_id_at_id",
        "events",
        ["node_id", "at", "id"],
        sqlite_where=HAS_NODE,
        postgresql_where=HAS_NODE,
    )


def _key(length: int) -> sa.String:
    """Return the type of a key, which both engines compare byte by byte."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _create_nodes() -> None:
    op.create_table(
        "nodes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("parent_id", NUMBER, nullable=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_key", _key(80), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("status_reason", sa.String(500), nullable=False),
        sa.Column("invitation_hours", sa.Integer(), nullable=True),
        sa.Column("two_factor_required", sa.Boolean(), nullable=False),
        sa.Column("web_sign_in", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ip_whitelist", TEXTS, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("search_key", _key(700), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name="kind"),
        sa.CheckConstraint("status IN ('active', 'blocked')", name="status"),
        sa.CheckConstraint("(kind = 'root') = (parent_id IS NULL)", name="parent"),
        sa.CheckConstraint("invitation_hours >= 1", name="invitation_hours_least"),
        sa.CheckConstraint("invitation_hours <= 720", name="invitation_hours_most"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["nodes.id"], name="fk_nodes_parent_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_nodes_parent_id_name_key", "nodes", ["parent_id", "name_key"], unique=True)
    op.create_index("ix_nodes_kind_id", "nodes", ["kind", "id"])
    op.create_index("ix_nodes_status_id", "nodes", ["status", "id"])
    op.create_index("ix_nodes_search_key_id", "nodes", ["search_key", "id"])


def _create_paths() -> None:
    op.create_table(
        "node_paths",
        sa.Column("ancestor_id", NUMBER, nullable=False),
        sa.Column("descendant_id", NUMBER, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        _of_node("node_paths", "ancestor_id", "CASCADE"),
        _of_node("node_paths", "descendant_id", "CASCADE"),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name="pk_node_paths"),
    )
    op.create_index(
        "ix_node_paths_descendant_id_ancestor_id", "node_paths", ["descendant_id", "ancestor_id"]
    )


def _of_node(table: str, column: str, gone: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], ["nodes.id"], name=name, ondelete=gone)


def _plant_root() -> None:
    """Add the root, which is the whole organisation of a company by itself."""
    op.execute(
        "INSERT INTO nodes (kind, name, name_key, search_key, status, status_reason,"
        " two_factor_required, ip_whitelist, created_at, updated_at)"
        " VALUES ('root', 'Company', 'company', 'company', 'active', '',"
        " false, '[]', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
    )
    op.execute("INSERT INTO node_paths (ancestor_id, descendant_id, depth) VALUES (1, 1, 0)")


def _add_node(table: str) -> None:
    with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch:
        batch.add_column(sa.Column("node_id", NUMBER, server_default="1", nullable=False))
        _refer(batch, table)
        if table == "companies":
            batch.create_index("ix_companies_node_id_id", ["node_id", "id"])
        else:
            batch.create_index(f"ix_{table}_node_id_id_status", ["node_id", "id", "status"])


def _refer(batch: BatchOperations, table: str) -> None:
    name = f"fk_{table}_node_id"
    batch.create_foreign_key(name, "nodes", ["node_id"], ["id"], ondelete="RESTRICT")


def _create_accounts(table: str) -> None:
    op.create_table(
        table,
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("node_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
        ),
        _of_node(table, "node_id", "CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "node_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_node_id_user_id", table, ["node_id", "user_id"])


def downgrade() -> None:
    """Forget the nodes: everything belongs to the company itself again."""
    op.drop_index("ix_events_node_id_at_id", "events")
    with op.batch_alter_table("events", table_kwargs=NUMBERED) as batch:
        batch.drop_column("node_id")
    for accounts in ACCOUNTS:
        op.drop_table(f"user_{accounts}")
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.drop_index("ix_groups_node_id_id")
        batch.drop_constraint("fk_groups_node_id", type_="foreignkey")
        batch.drop_constraint("level", type_="check")
        batch.drop_column("level")
        batch.drop_column("node_id")
    with op.batch_alter_table("users", table_kwargs=NUMBERED) as batch:
        for accounts in ACCOUNTS:
            batch.drop_constraint(f"{accounts}_mode", type_="check")
            batch.drop_column(f"{accounts}_mode")
    for table in BELONGING:
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch:
            suffix = "" if table == "companies" else "_status"
            batch.drop_index(f"ix_{table}_node_id_id{suffix}")
            batch.drop_constraint(f"fk_{table}_node_id", type_="foreignkey")
            batch.drop_column("node_id")
    op.drop_table("node_paths")
    op.drop_table("nodes")
