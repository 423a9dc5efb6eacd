"""ClientSignIn: a client has signed in to the company's own product, or has tried to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, cast
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Record
from backoffice.models.client import Client
from backoffice.models.columns import column
from backoffice.models.types import BigInt

RESULTS = ("ok", "failed", "blocked")


class ClientSignIn(Record):
    """One attempt of a client to sign in, as the company's own product tells it.

    Attributes:
        result: "blocked" if the client may not sign in, or not from there; "failed" if a factor
            was wrong.
        reason: why, as a code; '' if they are signed in.
        place: where the address is, as a local file knows it; '' without one.
        session: the session, or the token, that was used or came of it, as that product calls it.
    """

    __tablename__ = "client_sign_ins"
    __node_of__ = ("client",)
    __timeline__ = "at"
    __singular__ = "API session"
    __plural__ = "API sessions"
    __label__ = "title"
    __verbs__ = ("view", "export")

    client_id: Mapped[int] = mapped_column(BigInt, ForeignKey("clients.id"))
    at: Mapped[datetime] = mapped_column(info={"personal": False})
    ip: Mapped[str] = column(String(45), default="", kind="ip", personal=True)
    result: Mapped[str] = column(
        String(10),
        choices=RESULTS,
        words={"ok": "OK"},
        colours={"ok": "green", "failed": "orange", "blocked": "red"},
        personal=False,
    )
    reason: Mapped[str] = column(String(40), default="", kind="code", personal=False)
    device: Mapped[str] = column(String(200), default="", personal=True)
    place: Mapped[str] = column(String(120), default="", personal=True)
    session: Mapped[str] = column(String(80), default="", personal=True)
    external_id: Mapped[str | None] = mapped_column(
        String(64), unique=True, info={"personal": False, "hidden": True}
    )

    client: Mapped[Client] = relationship()

    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        Index("ix_client_sign_ins_at_id", "at", "id"),
        Index("ix_client_sign_ins_client_id_at_id", "client_id", "at", "id"),
        Index("ix_client_sign_ins_result_at_id", "result", "at", "id"),
        Index("ix_client_sign_ins_reason_at_id", "reason", "at", "id"),
        Index(
            "ix_client_sign_ins_ip_at_id",
            "ip",
            "at",
            "id",
            postgresql_ops={"ip": "text_pattern_ops"},
        ),
    )

    @hybrid_property
    def title(self) -> str:
        return f"API session {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "API session " + cast(cls.id, String)


Client.sign_ins = relationship(ClientSignIn, viewonly=True, order_by=ClientSignIn.id)
