"""Credential versions; what tries count for is typed, and nothing that strangers typed is kept in clear."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VERSIONED = ("users", "sessions", "sign_in_challenges", "totp_secrets")


def upgrade() -> None:
    # Not in batches, which would copy tables on SQLite without what only migrations know of them.
    for table in VERSIONED:
        op.add_column(table, sa.Column("credential_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("users", sa.Column("password_is_short", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("tokens", sa.Column("credential_version", sa.Integer(), nullable=True))
    op.add_column("messages", sa.Column("request", sa.Text(), nullable=True))
    # Requests of which nobody has found out yet whom they are for hold what was typed. Whoever waits asks again.
    op.execute("DELETE FROM messages WHERE purpose = 'password_reset' AND user_id IS NULL")

    op.add_column("sign_in_attempts", sa.Column("throttle_key", sa.String(80), server_default="", nullable=False))
    # Of names that nobody has, nothing is kept: they are counted anew, and the address goes on counting.
    op.execute(
        "UPDATE sign_in_attempts SET throttle_key = CASE"
        " WHEN reason = 'invitation asked for' THEN 'link:' || substr(identifier_key, 12)"
        " WHEN user_id IS NULL THEN ''"
        " WHEN identifier_key = 'e-mail change of ' || user_id THEN 'email_change:' || user_id"
        " ELSE 'account:' || user_id END"
    )
    op.drop_index("ix_sign_in_attempts_identifier_key_at", "sign_in_attempts")
    op.drop_column("sign_in_attempts", "identifier_key")
    op.create_index("ix_sign_in_attempts_throttle_key_at", "sign_in_attempts", ["throttle_key", "at"])


def downgrade() -> None:
    op.add_column("sign_in_attempts", sa.Column("identifier_key", sa.String(254), server_default="", nullable=False))
    op.execute("UPDATE sign_in_attempts SET identifier_key = throttle_key")
    with op.batch_alter_table("sign_in_attempts", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column(
            "identifier_key", existing_type=sa.String(254), existing_nullable=False, server_default=None
        )
    op.drop_index("ix_sign_in_attempts_throttle_key_at", "sign_in_attempts")
    op.drop_column("sign_in_attempts", "throttle_key")
    op.create_index("ix_sign_in_attempts_identifier_key_at", "sign_in_attempts", ["identifier_key", "at"])

    op.execute("DELETE FROM messages WHERE purpose = 'password_reset' AND user_id IS NULL")
    op.drop_column("messages", "request")
    op.drop_column("tokens", "credential_version")
    op.drop_column("users", "password_is_short")
    for table in VERSIONED:
        op.drop_column(table, "credential_version")
