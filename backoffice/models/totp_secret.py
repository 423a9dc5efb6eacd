"""TotpSecret: the secret that an authenticator app and the product share.

A user has at most one that is active and one that is pending.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt

STATES = ("pending", "active")


class TotpSecret(Base):
    """The secret of one user for time-based one-time passwords.

    Attributes:
        credential_version: a pending secret is void once its user has another version.
        sealed: the encrypted secret, which is bound to its user.
        last_step: the latest 30 s step whose code was used, so that no code works twice.
    """

    __tablename__ = "totp_secrets"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    credential_version: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = mapped_column(String(10), default="pending")
    sealed: Mapped[str] = mapped_column(String(300), info={"encrypted": True})
    last_step: Mapped[int] = mapped_column(BigInt, default=0)
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        UniqueConstraint("user_id", "state", name="uq_totp_secrets_user_id_state"),
    )
