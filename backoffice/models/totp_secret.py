"""TotpSecret: what an authenticator app and the product share, encrypted; one in use, one about to be."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt

STATES = ("pending", "active")


class TotpSecret(Base):
    """`sealed` is bound to its person. One that is pending is void once the person has another
    `credential_version`. `last_step` is the newest 30 s step whose code was used: none works twice."""

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
