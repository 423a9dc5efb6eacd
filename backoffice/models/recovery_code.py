"""RecoveryCode: one of ten codes to sign in with after losing the authenticator app."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class RecoveryCode(Base):
    """A recovery code, of which only the SHA-256 is stored.

    This suffices for a code of more than 112 random bits (NIST SP 800-63B, 5.1.2.2).
    """

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
