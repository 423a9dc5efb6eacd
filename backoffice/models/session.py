"""Session: one signed-in browser or API client, revocable at any moment."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, cast
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import BigInt, Entity
from backoffice.models.user import User

KINDS = ("web", "api")


class Session(Entity):
    """The browser holds a 256-bit value; the table holds only its SHA-256.

    `confirmed_at` is when the person last gave a password or a code: what matters most asks for that again.
    """

    __tablename__ = "sessions"
    __label__ = "title"
    __search__ = ("device", "ip")

    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"hidden": True})
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(4), default="web", info={"choices": KINDS})
    confirmed_at: Mapped[datetime | None] = mapped_column(info={"hidden": True})
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(String(20), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(200), default="")

    user: Mapped[User] = relationship(foreign_keys=[user_id])

    __table_args__ = (Index("ix_sessions_user_id_ended_at", "user_id", "ended_at"),)

    @hybrid_property
    def title(self) -> str:
        return f"Session {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Session " + cast(cls.id, String)

    @classmethod
    def live(cls, now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
        """In SQL: not ended and not past its absolute time."""
        return cls.ended_at.is_(None) & (cls.expires_at > now)
