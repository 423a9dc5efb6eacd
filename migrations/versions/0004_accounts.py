"""Messages, second factors, avatars; sessions and sign-ins become rows that people see."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEVER_TWICE = {"sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table("recovery_codes",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("code_hash", sa.String(length=64), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_codes_code_hash"))
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_user_id"), ["user_id"], unique=False)

    op.create_table("sign_in_challenges",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("value_hash", sa.String(length=64), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("tries", sa.Integer(), nullable=False),
    sa.Column("code_hash", sa.String(length=64), nullable=True),
    sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_in_challenges_user_id"), ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_challenges")),
    sa.UniqueConstraint("value_hash", name=op.f("uq_sign_in_challenges_value_hash"))
    )
    with op.batch_alter_table("sign_in_challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_challenges_user_id"), ["user_id"], unique=False)

    op.create_table("totp_secrets",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("state", sa.String(length=10), nullable=False),
    sa.Column("sealed", sa.String(length=300), nullable=False),
    sa.Column("last_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'active')", name=op.f("ck_totp_secrets_state")),
    sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_totp_secrets_user_id"), ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_secrets")),
    sa.UniqueConstraint("user_id", "state", name="uq_totp_secrets_user_id_state")
    )
    op.create_table("messages",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("purpose", sa.String(length=30), nullable=False),
    sa.Column("channel", sa.String(length=10), server_default="email", nullable=False),
    sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    sa.Column("address", sa.String(length=254), nullable=False),
    sa.Column("sealed", sa.Text(), nullable=True),
    sa.Column("state", sa.String(length=10), server_default="queued", nullable=False),
    sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
    sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("last_error", sa.String(length=300), server_default="", nullable=False),
    sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'dead')", name=op.f("ck_messages_state")),
    sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_messages_token_id"), ondelete="SET NULL"),
    sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id"), ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_messages_state_next_attempt_at", ["state", "next_attempt_at"], unique=False)
        batch_op.create_index("ix_messages_user_id_id", ["user_id", "id"], unique=False)

    # Made anew on SQLite, so that an id is never given twice there either.
    anew: Literal["always", "auto"] = "always" if op.get_context().dialect.name == "sqlite" else "auto"
    with op.batch_alter_table("sessions", recreate=anew, table_kwargs=NEVER_TWICE) as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("idle_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE sessions SET updated_at = last_seen_at, idle_at = expires_at")
    with op.batch_alter_table("sessions", table_kwargs=NEVER_TWICE) as batch_op:
        batch_op.alter_column("idle_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_sessions_created_at_id", ["created_at", "id"])
        batch_op.alter_column("updated_at", existing_type=sa.DateTime(timezone=True), nullable=False)

    with op.batch_alter_table("sign_in_attempts", recreate=anew, table_kwargs=NEVER_TWICE) as batch_op:
        batch_op.add_column(sa.Column("factor", sa.String(length=10), server_default="password", nullable=False))
        batch_op.create_check_constraint("factor", "factor IN ('password', 'code', 'link')")
        batch_op.add_column(sa.Column("network", sa.String(length=45), server_default="", nullable=False))
        batch_op.create_index("ix_sign_in_attempts_at_id", ["at", "id", "result", "reason"])
    op.execute("UPDATE sign_in_attempts SET network = ip")
    op.drop_index("ix_sign_in_attempts_ip_at", "sign_in_attempts")
    op.create_index("ix_sign_in_attempts_network_at", "sign_in_attempts", ["network", "at"])

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(length=40), server_default="UTC", nullable=False))
        batch_op.add_column(sa.Column("avatar", sa.String(length=64), nullable=True))
    op.drop_index("ix_users_status_id", "users")
    op.create_index("ix_users_status_id_two_factor", "users", ["status", "id", "two_factor"])


def downgrade() -> None:
    op.drop_index("ix_users_status_id_two_factor", "users")
    op.create_index("ix_users_status_id", "users", ["status", "id"])
    op.drop_column("users", "avatar")  # not in a batch, which would copy the table without its hand-made index
    op.drop_column("users", "time_zone")

    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempts_network_at")
        batch_op.create_index("ix_sign_in_attempts_ip_at", ["ip", "at"])
        batch_op.drop_index("ix_sign_in_attempts_at_id")
        batch_op.drop_constraint("factor", type_="check")
        batch_op.drop_column("factor")
        batch_op.drop_column("network")

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_created_at_id")
        batch_op.drop_column("idle_at")
        batch_op.drop_column("updated_at")
        batch_op.drop_column("version")
        batch_op.drop_column("confirmed_at")

    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_user_id_id")
        batch_op.drop_index("ix_messages_state_next_attempt_at")
        batch_op.drop_index("ix_messages_created_at_id")

    op.drop_table("messages")
    op.drop_table("totp_secrets")
    with op.batch_alter_table("sign_in_challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_challenges_user_id"))

    op.drop_table("sign_in_challenges")
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_codes_user_id"))

    op.drop_table("recovery_codes")
