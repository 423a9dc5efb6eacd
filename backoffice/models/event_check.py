"""EventCheck: the result of one check of the events log."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class EventCheck(Base):
    """When the whole events log was checked, and what was found.

    Attributes:
        newest_id, newest_hash: the newest event that was checked.
        faults: how many faults were found.
        first_faults: sentences about the first of them, in English.
    """

    __tablename__ = "event_checks"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    at: Mapped[datetime] = mapped_column(info={"personal": False})
    newest_id: Mapped[int] = mapped_column(BigInt, info={"personal": False})
    newest_hash: Mapped[str] = mapped_column(String(64), info={"personal": False})
    faults: Mapped[int] = mapped_column(info={"personal": False})
    first_faults: Mapped[list[str]] = mapped_column(default=list, info={"personal": False})
