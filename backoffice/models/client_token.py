"""ClientToken: a one-time value that was sent to a client, or given to a program of theirs."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    cast,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Record, moment
from backoffice.models.client import Client
from backoffice.models.columns import column
from backoffice.models.types import BigInt

PURPOSES = ("password", "email_code", "phone_code", "sign_in_code", "api")
CHANNELS = ("email", "sms", "api")
STATES = ("sent", "used", "expired", "superseded", "revoked", "failed")


class ClientToken(Record):
    """A token, of which only the SHA-256 is stored, and only of those that are made here.

    Attributes:
        recipient: the address or number it was sent to, masked.
        state: what became of it. One that is "sent" still works until `expires_at`.
    """

    __tablename__ = "client_tokens"
    __node_of__ = ("client",)
    __timeline__ = "at"
    __singular__ = "sent token"
    __plural__ = "sent tokens"
    __label__ = "title"
    __verbs__ = ("view", "export")

    client_id: Mapped[int] = mapped_column(BigInt, ForeignKey("clients.id"))
    at: Mapped[datetime] = mapped_column(info={"personal": False})
    recipient: Mapped[str] = column(String(254), default="", personal=True)
    channel: Mapped[str] = column(
        String(10),
        default="email",
        choices=CHANNELS,
        words={"email": "E-mail", "sms": "SMS", "api": "API"},
        personal=False,
    )
    purpose: Mapped[str] = column(
        String(20),
        choices=PURPOSES,
        words={"email_code": "E-mail code", "sign_in_code": "Sign-in code", "api": "API"},
        personal=False,
    )
    state: Mapped[str] = column(
        String(10),
        default="sent",
        choices=STATES,
        colours={"sent": "blue", "used": "green", "failed": "red"},
        personal=False,
    )
    expires_at: Mapped[datetime | None] = mapped_column(info={"personal": False})
    value_hash: Mapped[str | None] = mapped_column(
        String(64), unique=True, info={"personal": False, "hidden": True}
    )
    external_id: Mapped[str | None] = mapped_column(
        String(64), unique=True, info={"personal": False, "hidden": True}
    )

    client: Mapped[Client] = relationship()

    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_client_tokens_at_id", "at", "id"),
        Index("ix_client_tokens_client_id_at_id", "client_id", "at", "id"),
        Index("ix_client_tokens_state_at_id", "state", "at", "id"),
        Index("ix_client_tokens_purpose_at_id", "purpose", "at", "id"),
        Index(
            "ix_client_tokens_open",
            "client_id",
            "purpose",
            postgresql_where=text("state = 'sent'"),
            sqlite_where=text("state = 'sent'"),
        ),
    )

    @hybrid_property
    def title(self) -> str:
        return f"Token {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Token " + cast(cls.id, String)

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        """SQL: whether it still works; one without an end does until it is revoked."""
        return and_(cls.state == "sent", or_(cls.expires_at.is_(None), cls.expires_at > moment()))


Client.sent_tokens = relationship(ClientToken, viewonly=True, order_by=ClientToken.id)
