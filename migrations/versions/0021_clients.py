"""Clients with all that belongs to them, and the limits of users who see some of them."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TEXTS = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NUMBERED = {"sqlite_autoincrement": True}
GROUPS = (
    "email_not_verified",
    "phone_not_verified",
    "kyc_not_verified",
    "merchant_owner",
    "merchant_staff",
    "legal_merchant_owner",
    "legal_merchant_staff",
    "enterprise_owner",
    "enterprise_staff",
    "api",
)
MODES = "('all', 'only', 'except')"


def upgrade() -> None:
    _create_companies()
    _create_clients()
    _create_client_client_tags()
    _create_wallets()
    _create_wallet_members()
    _create_kyc_cases()
    _create_client_sign_ins()
    _create_client_tokens()
    _create_reveals()
    with op.batch_alter_table("users", table_kwargs=NUMBERED) as batch:
        batch.add_column(
            sa.Column("countries_mode", sa.String(6), server_default="all", nullable=False)
        )
        batch.add_column(sa.Column("countries", TEXTS, server_default="[]", nullable=False))
        batch.add_column(_mask_data())
        batch.create_check_constraint("countries_mode", f"countries_mode IN {MODES}")
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.add_column(_mask_data())
    with op.batch_alter_table("messages", table_kwargs=NUMBERED) as batch:
        _add_reference(batch, "messages", "client_id", "clients", "CASCADE")
        _add_reference(batch, "messages", "client_token_id", "client_tokens", "SET NULL")
        batch.create_index("ix_messages_client_id_id", ["client_id", "id"])
    with op.batch_alter_table("handovers", table_kwargs=NUMBERED) as batch:
        batch.alter_column("user_id", existing_type=NUMBER, nullable=True)
        _add_reference(batch, "handovers", "client_id", "clients", "CASCADE")
        batch.create_index("ix_handovers_client_id", ["client_id"])


def _add_reference(
    batch: BatchOperations, table: str, column: str, target: str, gone: str
) -> None:
    batch.add_column(sa.Column(column, NUMBER, nullable=True))
    batch.create_foreign_key(f"fk_{table}_{column}", target, [column], ["id"], ondelete=gone)


def _mask_data() -> sa.Column[bool]:
    return sa.Column("mask_data", sa.Boolean(), server_default=sa.false(), nullable=False)


def _key(length: int) -> sa.String:
    """Return the type of a key, which both engines compare byte by byte."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _of_entities() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )


def _references(table: str, column: str, target: str, gone: str = "") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=gone or None)


def _create_companies() -> None:
    op.create_table(
        "companies",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.Column("business_name", sa.String(120), nullable=False),
        sa.Column("legal_name", sa.String(120), nullable=False),
        sa.Column("country_of_incorporation", sa.String(2), nullable=True),
        sa.Column("registration_number", sa.String(60), nullable=False),
        sa.Column("business_type", sa.String(60), nullable=False),
        sa.Column("business_site", sa.String(255), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("employees_number", sa.Integer(), nullable=True),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("operations_area", sa.String(255), nullable=False),
        sa.Column("other_contact_info", sa.String(500), nullable=False),
        sa.Column("communication_language", sa.String(8), nullable=True),
        *_of_entities(),
        sa.Column("search_key", _key(700), nullable=False),
        sa.Column("business_name_key", _key(120), server_default="", nullable=False),
        sa.Column("legal_name_key", _key(120), server_default="", nullable=False),
        sa.Column("registration_number_key", _key(60), server_default="", nullable=False),
        sa.Column("business_type_key", _key(60), server_default="", nullable=False),
        sa.Column("business_site_key", _key(255), server_default="", nullable=False),
        sa.CheckConstraint("employees_number <= 10000000", name="employees_number_most"),
        sa.CheckConstraint("employees_number >= 0", name="employees_number_least"),
        sa.PrimaryKeyConstraint("id", name="pk_companies"),
        sa.UniqueConstraint("external_id", name="uq_companies_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_companies_country_of_incorporation_id", "companies", ["country_of_incorporation", "id"]
    )
    op.create_index("ix_companies_created_at_id", "companies", ["created_at", "id"])
    op.create_index("ix_companies_search_key_id", "companies", ["search_key", "id"])


def _create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("client_group", sa.String(20), nullable=False),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_key", _key(254), nullable=True),
        sa.Column("email_verified_at", MOMENT, nullable=True),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("phone_verified_at", MOMENT, nullable=True),
        sa.Column("country", sa.String(2), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("communication_language", sa.String(8), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("company_id", NUMBER, nullable=True),
        sa.Column("company_owner", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("kyc_state", sa.String(10), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("password_state", sa.String(10), nullable=False),
        sa.Column("password_expires_at", MOMENT, nullable=True),
        sa.Column("two_factor", sa.String(10), nullable=False),
        sa.Column("ip_whitelist", TEXTS, nullable=False),
        sa.Column("extra_permissions", TEXTS, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("last_login_at", MOMENT, nullable=True),
        sa.Column("sessions_valid_from", MOMENT, nullable=True),
        *_of_entities(),
        sa.Column("search_key", _key(700), nullable=False),
        sa.Column("phone_key", _key(32), server_default="", nullable=False),
        sa.CheckConstraint(
            f"client_group IN {GROUPS}",
            name="client_group",
        ),
        sa.CheckConstraint(
            "kyc_state IN ('none', 'pending', 'approved', 'rejected', 'expired')", name="kyc_state"
        ),
        sa.CheckConstraint(
            "password_state IN ('none', 'usable', 'temporary', 'expired')", name="password_state"
        ),
        sa.CheckConstraint("status IN ('active', 'blocked', 'deleted')", name="status"),
        sa.CheckConstraint("two_factor IN ('disabled', 'email', 'totp')", name="two_factor"),
        sa.CheckConstraint("type IN ('enterprise', 'merchant')", name="type"),
        _references("clients", "company_id", "companies", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("email_key", name="uq_clients_email_key"),
        sa.UniqueConstraint("external_id", name="uq_clients_external_id"),
        sa.UniqueConstraint("uuid", name="uq_clients_uuid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clients_client_group_id_status", "clients", ["client_group", "id", "status"])
    op.create_index("ix_clients_company_id_id", "clients", ["company_id", "id"])
    op.create_index("ix_clients_country_id", "clients", ["country", "id"])
    op.create_index("ix_clients_id_country_status", "clients", ["id", "country", "status"])
    op.create_index("ix_clients_is_staff_id_status", "clients", ["is_staff", "id", "status"])
    op.create_index("ix_clients_joined_at_id", "clients", ["joined_at", "id"])
    op.create_index("ix_clients_kyc_state_id_status", "clients", ["kyc_state", "id", "status"])
    op.create_index("ix_clients_phone_key_id", "clients", ["phone_key", "id"])
    op.create_index("ix_clients_search_key_id_status", "clients", ["search_key", "id", "status"])
    op.create_index("ix_clients_status_id_country", "clients", ["status", "id", "country"])
    op.create_index("ix_clients_two_factor_id_status", "clients", ["two_factor", "id", "status"])
    op.create_index("ix_clients_type_id_status", "clients", ["type", "id", "status"])


def _create_reveals() -> None:
    op.create_table(
        "reveals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("area", sa.String(63), nullable=False),
        sa.Column("row_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        _references("reveals", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reveals"),
    )
    op.create_index("ix_reveals_area_row_id_ends_at", "reveals", ["area", "row_id", "ends_at"])
    op.create_index("ix_reveals_ends_at", "reveals", ["ends_at"])
    op.create_index("ix_reveals_user_id_area_ends_at", "reveals", ["user_id", "area", "ends_at"])


def _create_client_client_tags() -> None:
    op.create_table(
        "client_client_tags",
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("client_tag_id", NUMBER, nullable=False),
        _references("client_client_tags", "client_id", "clients", "CASCADE"),
        _references("client_client_tags", "client_tag_id", "client_tags", "CASCADE"),
        sa.PrimaryKeyConstraint("client_id", "client_tag_id", name="pk_client_client_tags"),
    )
    op.create_index(
        "ix_client_client_tags_client_tag_id_client_id",
        "client_client_tags",
        ["client_tag_id", "client_id"],
    )


def _create_client_sign_ins() -> None:
    op.create_table(
        "client_sign_ins",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("result", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("place", sa.String(120), nullable=False),
        sa.Column("session", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.CheckConstraint("result IN ('ok', 'failed', 'blocked')", name="result"),
        _references("client_sign_ins", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_client_sign_ins"),
        sa.UniqueConstraint("external_id", name="uq_client_sign_ins_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_client_sign_ins_at_id", "client_sign_ins", ["at", "id"])
    op.create_index(
        "ix_client_sign_ins_client_id_at_id", "client_sign_ins", ["client_id", "at", "id"]
    )
    op.create_index(
        "ix_client_sign_ins_ip_at_id",
        "client_sign_ins",
        ["ip", "at", "id"],
        postgresql_ops={"ip": "text_pattern_ops"},
    )
    op.create_index("ix_client_sign_ins_reason_at_id", "client_sign_ins", ["reason", "at", "id"])
    op.create_index("ix_client_sign_ins_result_at_id", "client_sign_ins", ["result", "at", "id"])


def _create_client_tokens() -> None:
    op.create_table(
        "client_tokens",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("value_hash", sa.String(64), nullable=True),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'sms', 'api')", name="channel"),
        sa.CheckConstraint(
            "purpose IN ('password', 'email_code', 'phone_code', 'sign_in_code', 'api')",
            name="purpose",
        ),
        sa.CheckConstraint(
            "state IN ('sent', 'used', 'expired', 'superseded', 'revoked', 'failed')", name="state"
        ),
        _references("client_tokens", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_client_tokens"),
        sa.UniqueConstraint("external_id", name="uq_client_tokens_external_id"),
        sa.UniqueConstraint("value_hash", name="uq_client_tokens_value_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_client_tokens_at_id", "client_tokens", ["at", "id"])
    op.create_index("ix_client_tokens_client_id_at_id", "client_tokens", ["client_id", "at", "id"])
    op.create_index(
        "ix_client_tokens_open",
        "client_tokens",
        ["client_id", "purpose"],
        postgresql_where=sa.text("state = 'sent'"),
        sqlite_where=sa.text("state = 'sent'"),
    )
    op.create_index("ix_client_tokens_purpose_at_id", "client_tokens", ["purpose", "at", "id"])
    op.create_index("ix_client_tokens_state_at_id", "client_tokens", ["state", "at", "id"])


def _create_kyc_cases() -> None:
    op.create_table(
        "kyc_cases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", NUMBER, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("documents", TEXTS, nullable=False),
        *_of_entities(),
        sa.CheckConstraint("state IN ('pending', 'approved', 'rejected', 'expired')", name="state"),
        sa.CheckConstraint("level <= 2", name="level_most"),
        sa.CheckConstraint("level >= 1", name="level_least"),
        _references("kyc_cases", "client_id", "clients"),
        _references("kyc_cases", "decided_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_kyc_cases"),
        sa.UniqueConstraint("external_id", name="uq_kyc_cases_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_kyc_cases_client_id_id", "kyc_cases", ["client_id", "id"])
    op.create_index("ix_kyc_cases_decided_by_id_id", "kyc_cases", ["decided_by_id", "id"])
    op.create_index(
        "ix_kyc_cases_pending",
        "kyc_cases",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_kyc_cases_state_id", "kyc_cases", ["state", "id"])
    op.create_index("ix_kyc_cases_submitted_at_id", "kyc_cases", ["submitted_at", "id"])


def _create_wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("balance", sa.Numeric(15, 4), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        *_of_entities(),
        sa.Column("search_key", _key(700), nullable=False),
        sa.Column("name_key", _key(80), server_default="", nullable=False),
        sa.CheckConstraint("status IN ('active', 'blocked', 'closed')", name="status"),
        _references("wallets", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_wallets"),
        sa.UniqueConstraint("external_id", name="uq_wallets_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wallets_client_id_id", "wallets", ["client_id", "id"])
    op.create_index("ix_wallets_currency_id", "wallets", ["currency", "id"])
    op.create_index("ix_wallets_opened_at_id", "wallets", ["opened_at", "id"])
    op.create_index("ix_wallets_search_key_id", "wallets", ["search_key", "id"])
    op.create_index("ix_wallets_status_id", "wallets", ["status", "id"])


def _create_wallet_members() -> None:
    op.create_table(
        "wallet_members",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("wallet_id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        *_of_entities(),
        sa.CheckConstraint("role IN ('owner', 'staff')", name="role"),
        _references("wallet_members", "client_id", "clients"),
        _references("wallet_members", "wallet_id", "wallets", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_wallet_members"),
        sa.UniqueConstraint("wallet_id", "client_id", name="uq_wallet_members_wallet_id_client_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wallet_members_client_id_id", "wallet_members", ["client_id", "id"])


def downgrade() -> None:
    """Forget the clients, what was sent to them, and who sees which of them."""
    op.execute("DELETE FROM handovers WHERE user_id IS NULL")
    op.execute("DELETE FROM messages WHERE client_id IS NOT NULL")
    with op.batch_alter_table("handovers", table_kwargs=NUMBERED) as batch:
        batch.drop_index("ix_handovers_client_id")
        batch.drop_constraint("fk_handovers_client_id", type_="foreignkey")
        batch.drop_column("client_id")
        batch.alter_column("user_id", existing_type=NUMBER, nullable=False)
    with op.batch_alter_table("messages", table_kwargs=NUMBERED) as batch:
        batch.drop_index("ix_messages_client_id_id")
        for column in ("client_token_id", "client_id"):
            batch.drop_constraint(f"fk_messages_{column}", type_="foreignkey")
            batch.drop_column(column)
    with op.batch_alter_table("groups", table_kwargs=NUMBERED) as batch:
        batch.drop_column("mask_data")
    with op.batch_alter_table("users", table_kwargs=NUMBERED) as batch:
        batch.drop_constraint("countries_mode", type_="check")
        for column in ("mask_data", "countries", "countries_mode"):
            batch.drop_column(column)
    for table in (
        "reveals",
        "client_tokens",
        "client_sign_ins",
        "kyc_cases",
        "wallet_members",
        "wallets",
        "client_client_tags",
        "clients",
        "companies",
    ):
        op.drop_table(table)
