"""Message: a mail in the outbox.

It is stored in the same transaction as the change that it is about, and sent after that.
"""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    case,
    cast,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from backoffice.models import mails
from backoffice.models.base import Entity
from backoffice.models.client import Client
from backoffice.models.client_token import ClientToken
from backoffice.models.columns import column
from backoffice.models.types import BigInt
from backoffice.models.user import User
from backoffice.text import masked

HIDDEN = "•••"
STATES = ("queued", "sending", "sent", "failed", "dead")


class masked_in_sql(GenericFunction[str]):  # noqa: N801  # SQLAlchemy knows functions by lower-case names
    """`text.masked`, in SQL."""

    type = String()
    inherit_cache = True


@compiles(masked_in_sql)
def _masked(element: masked_in_sql, compiler: SQLCompiler, **kwargs: object) -> str:
    text = compiler.process(element.clauses, **kwargs)
    position = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    at_sign = f"{position}({text}, '@')"
    domain = f"CASE WHEN {at_sign} > 0 THEN substr({text}, {at_sign}) ELSE '' END"
    return f"(substr({text}, 1, 1) || '•••' || {domain})"


class Message(Entity):
    """A mail: its recipient, its purpose, and the state of its delivery.

    Its text is made when it is sent, in the language of the user, or of the client.

    Attributes:
        address: the e-mail address. While there is a `request`, it is a substitute that is the same
            for messages that belong together.
        request: what the worker needs to find out whether and to whom to write, encrypted. It is
            emptied once that is known.
        sealed: what only this mail contains, such as a link, encrypted. It is emptied once the mail
            is sent.
        held_until: until when the worker that is sending it holds it. If that worker dies, another
            one sends it after this time.
    """

    __tablename__ = "messages"
    __node_of__ = ("user", "client")
    __timeline__ = "created_at"
    __label__ = "title"
    __verbs__ = ("view", "export")
    __search__ = ("purpose",)

    purpose: Mapped[str] = column(
        String(mails.LONGEST),
        choices=mails.names(),
        words={mail_type.name: mail_type.label for mail_type in mails.every()},
    )
    channel: Mapped[str] = mapped_column(String(10), default="email", server_default="email")
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    token_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("tokens.id", ondelete="SET NULL"), info={"hidden": True}
    )
    client_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("clients.id", ondelete="CASCADE")
    )
    client_token_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("client_tokens.id", ondelete="SET NULL"), info={"hidden": True}
    )
    address: Mapped[str] = mapped_column(String(254), info={"hidden": True, "personal": "address"})
    request: Mapped[str | None] = mapped_column(Text, info={"hidden": True, "encrypted": True})
    sealed: Mapped[str | None] = mapped_column(Text, info={"hidden": True, "encrypted": True})
    state: Mapped[str] = column(
        String(10),
        default="queued",
        server_default="queued",
        choices=STATES,
        colours={
            "queued": "blue",
            "sending": "blue",
            "sent": "green",
            "failed": "red",
            "dead": "red",
        },
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None] = mapped_column(info={"hidden": True})
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="", server_default="")

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    client: Mapped[Client | None] = relationship(foreign_keys=[client_id])
    client_token: Mapped[ClientToken | None] = relationship(foreign_keys=[client_token_id])

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_messages_created_at_id", "created_at", "id"),
        Index("ix_messages_purpose_created_at_id", "purpose", "created_at", "id"),
        Index("ix_messages_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_messages_user_id_id", "user_id", "id"),
        # A token that is deleted is looked for here.
        Index(
            "ix_messages_token_id",
            "token_id",
            sqlite_where=text("token_id IS NOT NULL"),
            postgresql_where=text("token_id IS NOT NULL"),
        ),
        Index("ix_messages_client_id_id", "client_id", "id"),
    )

    @hybrid_property
    def title(self) -> str:
        return f"Message {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Message " + cast(cls.id, String)

    @hybrid_property
    def recipient(self) -> str:
        """The masked address for lists.

        It is hidden completely until it is known to be a user's, because a stranger may have typed
        it.
        """
        return masked(self.address) if self.user_id else HIDDEN

    @recipient.inplace.expression
    @classmethod
    def _recipient_in_sql(cls) -> ColumnElement[str]:
        return case((cls.user_id.is_not(None), masked_in_sql(cls.address)), else_=HIDDEN)
