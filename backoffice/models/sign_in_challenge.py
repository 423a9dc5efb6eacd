"""SignInChallenge: a sign-in whose password was right and whose second factor is still missing."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt


class SignInChallenge(Base):
    """It opens nothing: no page takes it for a session. The browser holds the value, the table its SHA-256.

    It is void once its person has another `credential_version`.
    A code that was mailed belongs to one challenge: `code_hash` covers both.
    """

    __tablename__ = "sign_in_challenges"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    credential_version: Mapped[int] = mapped_column(default=1, server_default="1")
    value_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_expires_at: Mapped[datetime | None]
