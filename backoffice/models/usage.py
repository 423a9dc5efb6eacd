"""Usage: how much of something limited a person has used, or that they are using it right now."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class Usage(Base):
    """How often a user did something, or who does it now if only one may at a time.

    Attributes:
        what: the thing that is limited.
        since: when the counting began, or when the holder was last seen.
        used: how often it was done since then.
        holder: a random name of the only one who may do it now.
    """

    __tablename__ = "usages"

    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]
    used: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(String(32), default="")
