"""RecoveryCode: one of ten ways in for somebody who lost the phone."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt


class RecoveryCode(Base):
    """Only the SHA-256 is kept; a code has more than 112 random bits, so that suffices (NIST SP 800-63B, 5.1.2.2)."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
