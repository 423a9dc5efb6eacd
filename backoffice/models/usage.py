"""Usage: how much of something that is limited a person has used, and what of it goes on at the moment."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, BigInt


class Usage(Base):
    """`used` since the moment `since`. Where one at a time is allowed, `holder` is the one, seen last at `since`."""

    __tablename__ = "usages"

    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]
    used: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(String(32), default="")
