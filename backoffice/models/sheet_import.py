"""SheetImport: a sheet of groups that somebody sent, from its preview to its undo."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from backoffice import clock
from backoffice.models.base import Base
from backoffice.models.types import BigInt

STATES = ("planned", "done", "undone")
IMPERSONAL = {"personal": False}  # it is about groups; of members it holds only the ids
MODES = ("create", "merge", "replace")


class SheetImport(Base):
    """A sheet, and what came of it.

    Attributes:
        token: identifies the preview in its address.
        actor_id: who sent it; nobody else sees it before it is applied.
        source: the name of the file, or of the shipped sheet.
        mode: one of MODES.
        sheet: the groups of the sheet, until it is applied.
        digest: what the preview showed, so that something else is not applied.
        memory: what was changed, with the values before and after, for the result and its undo.
    """

    __tablename__ = "sheet_imports"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    token: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True, info=IMPERSONAL)
    actor_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    source: Mapped[str] = mapped_column(String(200), info=IMPERSONAL)
    mode: Mapped[str] = mapped_column(String(10), info=IMPERSONAL)
    state: Mapped[str] = mapped_column(String(10), default="planned", info=IMPERSONAL)
    sheet: Mapped[str] = mapped_column(Text, info=IMPERSONAL)
    digest: Mapped[str] = mapped_column(String(64), info=IMPERSONAL)
    memory: Mapped[dict[str, Any] | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, info=IMPERSONAL)
    applied_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        Index("ix_sheet_imports_actor_id", "actor_id"),
        Index("ix_sheet_imports_state_created_at", "state", "created_at"),
        {"sqlite_autoincrement": True},
    )
