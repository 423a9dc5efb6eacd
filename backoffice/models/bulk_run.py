"""BulkRun and BulkItem: an action on a set of rows, from its preview to its result."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    Uuid,
    cast,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models import row_keys
from backoffice.models.base import Base, Record
from backoffice.models.columns import column
from backoffice.models.types import BigInt, Expression, Json
from backoffice.models.user import User

STATES = ("planned", "running", "done", "aborted", "undone", "failed")
OUTCOMES = ("done", "unchanged", "refused", "stale", "failed")


class BulkRun(Record):
    """A preview of an action, and its result once it is run.

    Attributes:
        token: identifies the preview in its address.
        draft: the state of the preview's form until it is run: where it was requested, what was
            typed into it, and why that was refused.
    """

    __tablename__ = "bulk_runs"
    __node_of__ = ("actor",)
    __timeline__ = "created_at"
    __verbs__ = ("view", "export")

    token: Mapped[UUID] = mapped_column(
        Uuid, default=uuid4, unique=True, info={"personal": False, "hidden": True}
    )
    action: Mapped[str] = mapped_column(String(60), info={"personal": False, "kind": "code"})
    actor_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict, info={"personal": True})
    selection: Mapped[dict[str, Any]] = mapped_column(
        default=dict, info={"personal": True, "emptied": {"all_matching": True}}
    )
    state: Mapped[str] = column(
        String(10),
        default="planned",
        choices=STATES[1:],
        colours={"running": "blue", "done": "green", "failed": "red"},
        personal=False,
    )
    reason: Mapped[str] = mapped_column(String(500), default="", info={"personal": True})
    planned: Mapped[int] = mapped_column(default=0, info={"personal": False})
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict, info={"personal": False})
    created_at: Mapped[datetime] = mapped_column(info={"personal": False})
    finished_at: Mapped[datetime | None] = mapped_column(info={"personal": False})
    undo_of_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("bulk_runs.id", ondelete="SET NULL")
    )
    draft: Mapped[dict[str, Any] | None] = mapped_column(info={"personal": True, "hidden": True})

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id])

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_bulk_runs_action_created_at_id", "action", "created_at", "id"),
        Index("ix_bulk_runs_actor_id_id", "actor_id", "id"),
        Index("ix_bulk_runs_created_at_id", "created_at", "id"),
        Index("ix_bulk_runs_undo_of_id", "undo_of_id"),
    )

    @property
    def label(self) -> str:
        return f"Bulk run {self.id}"

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        return "Bulk run " + cast(cls.id, String)


class BulkItem(Base):
    """One row of a run.

    Attributes:
        row_id: the number of the row; of one with another key, its place in the run.
        row_key: such a key, as models/row_keys.py stores it.
        version: the row's version when it was previewed.
        outcome: one of OUTCOMES.
        rule: the code of the rule that refused it.
        message: why it was refused, where that is not a rule of the action.
        memory: what an undo needs to know.
    """

    __tablename__ = "bulk_items"

    run_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("bulk_runs.id", ondelete="CASCADE"), primary_key=True
    )
    row_id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    row_key: Mapped[str | None] = mapped_column(Text, info={"personal": False})
    outcome: Mapped[str] = mapped_column(String(10), info={"personal": False})
    rule: Mapped[str] = mapped_column(String(40), default="", info={"personal": False})
    message: Mapped[str] = mapped_column(
        String(300), default="", server_default="", info={"personal": True}
    )
    version: Mapped[int] = mapped_column(BigInt, info={"personal": False})
    memory: Mapped[dict[str, Any] | None] = mapped_column(Json, info={"personal": True})

    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_bulk_items_run_id_outcome_row_id", "run_id", "outcome", "row_id"),
    )


def of_items(
    statement: Select[*tuple[Any, ...]], model: type[Record], item: type[BulkItem]
) -> Select[*tuple[Any, ...]]:
    """Return the statement over the rows of `model`, each joined to the items that are about it."""
    return statement.select_from(model).join(item, key_of(model, item) == model.id)


def key_of(model: type[Record], item: type[BulkItem] = BulkItem) -> Expression:
    """Return the id of the row of `model` that an item is about, in SQL."""
    return row_keys.of_stored(model, item.row_id, item.row_key)  # type: ignore[arg-type]  # attributes are expressions
