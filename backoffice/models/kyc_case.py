"""KycCase: whether a client is who they say they are, as one decision of the company."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, cast, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock
from backoffice.models.base import Entity
from backoffice.models.client import Client
from backoffice.models.columns import column
from backoffice.models.files import File
from backoffice.models.types import BigInt
from backoffice.models.user import User

STATES = ("pending", "approved", "rejected", "expired")
IS_PENDING = "state = 'pending'"


class KycCase(Entity):
    """A check of a client's identity (level 1), or of their legal entity (level 2).

    A client has one pending case at most.

    Attributes:
        external_id: its number in the company's own product; None for one that began here.
        reason: why it was decided so.
        documents: what the client has shown.
    """

    __tablename__ = "kyc_cases"
    __node_of__ = ("client",)
    __singular__ = "KYC case"
    __plural__ = "KYC cases"
    __label__ = "title"
    __about__ = "client"
    __verbs__ = ("view", "edit", "export")
    __masks__: ClassVar = {"title": ""}

    client_id: Mapped[int] = mapped_column(BigInt, ForeignKey("clients.id"))
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True, info={"key": False})
    level: Mapped[int] = column(default=1, least=1, most=2)
    state: Mapped[str] = column(
        String(10),
        default="pending",
        choices=STATES,
        colours={"pending": "blue", "approved": "green", "rejected": "red", "expired": "orange"},
    )
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = column(String(500), default="", personal=True, info={"key": False})
    documents: Mapped[list[File]] = column(
        default=list,
        personal=True,
        accepts=("pdf", "png", "jpeg"),
        largest=10 * 1024 * 1024,
        holds=10,
        mask="file",
    )

    client: Mapped[Client] = relationship()
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_kyc_cases_client_id_id", "client_id", "id"),
        Index("ix_kyc_cases_state_id", "state", "id"),
        Index("ix_kyc_cases_submitted_at_id", "submitted_at", "id"),
        Index("ix_kyc_cases_decided_by_id_id", "decided_by_id", "id"),
        Index(
            "ix_kyc_cases_pending",
            "client_id",
            unique=True,
            postgresql_where=text(IS_PENDING),
            sqlite_where=text(IS_PENDING),
        ),
    )

    @hybrid_property
    def title(self) -> str:
        return f"KYC {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "KYC " + cast(cls.id, String)


Client.kyc_cases = relationship(KycCase, viewonly=True, order_by=KycCase.id)
