"""Session: one signed-in browser or API client, revocable at any moment."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt


class Session(Base):
    """The browser holds a 256-bit value; the table holds only its SHA-256."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(4), default="web")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(String(20), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_sessions_user_id_ended_at", "user_id", "ended_at"),)

    @classmethod
    def live(cls, now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
        """In SQL: not ended and not past its absolute time."""
        return cls.ended_at.is_(None) & (cls.expires_at > now)
