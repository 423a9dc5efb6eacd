"""Event: one entry of the events log, the audit trail, which is append-only and hash-chained."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, Text, cast, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Record
from backoffice.models.columns import column
from backoffice.models.node import OF_NODE
from backoffice.models.types import BigInt, Json
from backoffice.models.user import User

RESULTS = ("done", "denied", "failed")


class Event(Record):
    """Who did what to which row, from where, and what it changed.

    `hash` covers every column except `before`, `after` and `reason`, which `details_hash` covers.
    Therefore erasing a person's data can empty these without breaking the chain. A trigger forbids
    all other changes.

    Attributes:
        subject_key: the key of a row that has no number (models/row_keys.py). The hash of an event
            covers it if it is there, so that events from before it existed keep theirs.
        node_id: the node of the row, or else of the actor; None if that is the company itself.
    """

    __tablename__ = "events"
    __timeline__ = "at"
    __recent_days__ = 90
    __verbs__ = ("view", "export")

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(info={"personal": False})
    actor_id: Mapped[int | None] = mapped_column(BigInt, info={"personal": False})
    actor_groups: Mapped[list[str]] = mapped_column(
        default=list, info={"personal": False, "tells_of": "groups"}
    )
    action: Mapped[str] = mapped_column(String(60), info={"personal": False, "kind": "code"})
    subject_type: Mapped[str] = mapped_column(
        String(40), default="", info={"personal": False, "kind": "code"}
    )
    subject_id: Mapped[int | None] = mapped_column(BigInt, info={"personal": False})
    result: Mapped[str] = column(
        String(10),
        default="done",
        choices=RESULTS,
        colours={"done": "green", "denied": "orange", "failed": "red"},
        personal=False,
    )
    before: Mapped[dict[str, Any] | None] = mapped_column(Json, info={"personal": True})
    after: Mapped[dict[str, Any] | None] = mapped_column(Json, info={"personal": True})
    reason: Mapped[str | None] = mapped_column(String(500), info={"personal": True})
    ip: Mapped[str] = mapped_column(String(45), default="", info={"personal": False, "kind": "ip"})
    request_id: Mapped[str] = mapped_column(String(40), default="", info={"personal": False})
    bulk_run_id: Mapped[int | None] = mapped_column(BigInt, info={"personal": False})
    redacted_at: Mapped[datetime | None] = mapped_column(info={"personal": False})
    details_hash: Mapped[str] = mapped_column(String(64), info={"personal": False, "hidden": True})
    previous_hash: Mapped[str] = mapped_column(String(64), info={"personal": False, "hidden": True})
    hash: Mapped[str] = mapped_column(String(64), info={"personal": False, "hidden": True})
    subject_key: Mapped[str | None] = mapped_column(Text, info={"personal": False, "kind": "text"})
    node_id: Mapped[int | None] = mapped_column(
        BigInt, info={"personal": False, "hidden": True, OF_NODE: True}
    )

    # There is no foreign key, because events stay when the rows they are about are deleted.
    actor: Mapped[User | None] = relationship(
        primaryjoin="foreign(Event.actor_id) == User.id", viewonly=True
    )

    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        Index("ix_events_subject_type_subject_id_id", "subject_type", "subject_id", "id"),
        Index(
            "ix_events_subject_key",
            *("subject_key", "subject_type", "id"),
            sqlite_where=text("subject_key IS NOT NULL"),
            postgresql_where=text("subject_key IS NOT NULL"),
        ),
        Index("ix_events_at_id", "at", "id"),
        Index("ix_events_action_at_id", "action", "at", "id"),
        Index("ix_events_actor_id_at_id", "actor_id", "at", "id"),
        Index("ix_events_bulk_run_id_at_id", "bulk_run_id", "at", "id"),
        Index("ix_events_ip_at_id", "ip", "at", "id", postgresql_ops={"ip": "text_pattern_ops"}),
        Index("ix_events_result_at_id", "result", "at", "id"),
        Index(
            "ix_events_node_id_at_id",
            *("node_id", "at", "id"),
            sqlite_where=text("node_id IS NOT NULL"),
            postgresql_where=text("node_id IS NOT NULL"),
        ),
        Index("ix_events_subject_type_at_id", "subject_type", "at", "id"),
    )

    @property
    def label(self) -> str:
        return f"Event {self.id}"

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        return "Event " + cast(cls.id, String)
