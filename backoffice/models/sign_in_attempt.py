"""SignInAttempt: every try to sign in, whether it worked or not; never changed afterwards."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt

RESULTS = ("ok", "failed", "blocked")


class SignInAttempt(Base):
    """`identifier_key` is the normalised e-mail or login that was typed, known or not."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    at: Mapped[datetime]
    identifier_key: Mapped[str] = mapped_column(String(254))
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    result: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(200), default="")
    device_key: Mapped[str] = mapped_column(String(64), default="")
    channel: Mapped[str] = mapped_column(String(4), default="web")

    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        Index("ix_sign_in_attempts_identifier_key_at", "identifier_key", "at"),
        Index("ix_sign_in_attempts_ip_at", "ip", "at"),
        Index("ix_sign_in_attempts_user_id_at", "user_id", "at"),
    )
