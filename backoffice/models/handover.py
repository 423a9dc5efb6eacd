"""Handover: a secret that waits to be shown once, to the session that asked for it."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class Handover(Base):
    """A temporary password of the user, or of the client, encrypted in `sealed`.

    It is deleted when it is shown, or a few minutes later.
    """

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    token: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True, info={"personal": False})
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    client_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("clients.id", ondelete="CASCADE")
    )
    session_id: Mapped[int] = mapped_column(BigInt, ForeignKey("sessions.id", ondelete="CASCADE"))
    sealed: Mapped[str] = mapped_column(Text, info={"personal": True, "encrypted": True})
    created_at: Mapped[datetime] = mapped_column(info={"personal": False})

    __table_args__ = (
        Index("ix_handovers_user_id", "user_id"),
        Index("ix_handovers_client_id", "client_id"),
        Index("ix_handovers_session_id", "session_id"),
        {"sqlite_autoincrement": True},
    )
