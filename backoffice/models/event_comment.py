"""EventComment: what somebody wrote about an event."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base
from backoffice.models.types import BigInt


class EventComment(Base):
    """A comment on an event; it cannot be deleted, and its text goes with whom the event is about.

    Each writing of it is an event, whose details hold the hash of the comment. So the chain of
    events covers comments too. That hash covers `text_hash` instead of the text, which can
    therefore be erased. `salt` keeps a short text from being guessed by its hash.

    There are no foreign keys, because comments stay when their authors are deleted.
    """

    __tablename__ = "event_comments"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInt, info={"personal": False})
    author_id: Mapped[int] = mapped_column(BigInt, info={"personal": False})
    text: Mapped[str] = mapped_column(Text, default="", info={"personal": True})
    salt: Mapped[str] = mapped_column(String(32), default="", info={"personal": True})
    text_hash: Mapped[str] = mapped_column(String(64), info={"personal": False})
    version: Mapped[int] = mapped_column(default=1, info={"personal": False})
    created_at: Mapped[datetime] = mapped_column(info={"personal": False})
    edited_at: Mapped[datetime | None] = mapped_column(info={"personal": False})
    redacted_at: Mapped[datetime | None] = mapped_column(info={"personal": False})

    __table_args__ = (
        Index("ix_event_comments_event_id_id", "event_id", "id"),
        {"sqlite_autoincrement": True},
    )
