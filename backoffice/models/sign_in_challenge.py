"""SignInChallenge: a sign-in with a correct password, which still lacks the second factor."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class SignInChallenge(Base):
    """A sign-in that waits for its second factor; it gives no access, unlike a session.

    The browser holds a value, of which the table holds the SHA-256. The challenge is void once its
    user has another `credential_version`. A mailed code belongs to one challenge: `code_hash`
    covers both.
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
