"""Reveal: somebody sees one row for some minutes without its masks."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class Reveal(Base):
    """A user sees the full data of a row until a time.

    Attributes:
        area: the table of the row.
    """

    __tablename__ = "reveals"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    area: Mapped[str] = mapped_column(String(63), info={"personal": False})
    row_id: Mapped[int] = mapped_column(BigInt, info={"personal": False})
    reason: Mapped[str] = mapped_column(String(500), default="", info={"personal": False})
    ends_at: Mapped[datetime] = mapped_column(info={"personal": False})

    __table_args__ = (
        Index("ix_reveals_user_id_area_ends_at", "user_id", "area", "ends_at"),
        Index("ix_reveals_area_row_id_ends_at", "area", "row_id", "ends_at"),
        Index("ix_reveals_ends_at", "ends_at"),
    )
