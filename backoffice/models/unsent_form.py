"""UnsentForm: what somebody typed into a form that arrived after their session had ended."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class UnsentForm(Base):
    """A form that was not processed.

    `sealed` holds its address and fields, encrypted. It is kept for an hour, for the user whom the
    form was made for.
    """

    __tablename__ = "unsent_forms"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    handle: Mapped[str] = mapped_column(String(32), unique=True)
    sealed: Mapped[str] = mapped_column(Text, info={"encrypted": True})
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_unsent_forms_user_id_id", "user_id", "id"),)
