"""Token: a one-time value that was sent to somebody, such as an invitation link."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, moment
from backoffice.models.types import BigInt

PURPOSES = ("invitation", "password_reset", "email_code", "two_factor_enrolment", "email_change")

OPEN = "used_at IS NULL AND superseded_at IS NULL AND revoked_at IS NULL"


class Token(Base):
    """A one-time value, of which only the SHA-256 is stored.

    A user has at most one live token per purpose. `credential_version` is the user's when they
    requested the token, if it matters: the token is void once they have another one.
    """

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    value_hash: Mapped[str] = mapped_column(String(64), unique=True)
    credential_version: Mapped[int | None]
    sent_to: Mapped[str] = mapped_column(String(254), default="")
    channel: Mapped[str] = mapped_column(String(10), default="link")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        Index("ix_tokens_user_id_purpose", "user_id", "purpose"),
        Index(
            "ix_tokens_open",
            "purpose",
            "expires_at",
            "user_id",
            postgresql_where=text(OPEN),
            sqlite_where=text(OPEN),
        ),
    )

    @classmethod
    def open(cls) -> ColumnElement[bool]:
        """SQL: whether it is neither used, superseded nor revoked; it may be expired."""
        return cls.used_at.is_(None) & cls.superseded_at.is_(None) & cls.revoked_at.is_(None)

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        """SQL: whether it still works."""
        return cls.open() & (cls.expires_at > moment())
