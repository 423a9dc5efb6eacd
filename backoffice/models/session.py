"""Session: one signed-in browser or API client, revocable at any moment."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, cast, or_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock
from backoffice.models.base import Entity, moment
from backoffice.models.columns import column
from backoffice.models.types import BigInt
from backoffice.models.user import User

KINDS = ("web", "api")
STATES = ("live", "ended", "expired")


class Session(Entity):
    """A signed-in browser or API client, which holds a 256-bit value.

    Attributes:
        token_hash: the SHA-256 of that value.
        credential_version: the session works only while its user has this version. It is the
            version at sign-in; a change of credentials can take the session along to the new one.
        confirmed_at: when the user last gave a password or a code. The most sensitive actions ask
            for it again.
        expires_at: when the session ends at the latest.
        idle_at: when it ends unless it is used before.
        viewing_id: the id of the person as whom the user views the pages; None mostly.
        viewing_until: until when at the latest.
        viewing_rights: the hash of what the two could do when that began.
    """

    __tablename__ = "sessions"
    __node_of__ = ("user",)
    __timeline__ = "created_at"
    __label__ = "title"
    __verbs__ = ("view",)
    __search__ = ("device", "ip")
    __derived__: ClassVar = {"state": STATES}
    __derived_colours__: ClassVar = {"state": {"live": "green"}}

    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"hidden": True})
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    credential_version: Mapped[int] = mapped_column(
        default=1, server_default="1", info={"hidden": True}
    )
    kind: Mapped[str] = column(String(4), default="web", choices=KINDS)
    confirmed_at: Mapped[datetime | None] = mapped_column(info={"hidden": True})
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(String(20), default="")
    ip: Mapped[str] = mapped_column(String(45), default="", info={"kind": "ip"})
    device: Mapped[str] = mapped_column(String(200), default="")
    viewing_id: Mapped[int | None] = mapped_column(BigInt, info={"hidden": True})
    viewing_until: Mapped[datetime | None] = mapped_column(info={"hidden": True})
    viewing_rights: Mapped[str] = mapped_column(
        String(64), default="", server_default="", info={"hidden": True}
    )

    user: Mapped[User] = relationship(foreign_keys=[user_id])

    __table_args__ = (
        Index("ix_sessions_created_at_id", "created_at", "id"),
        Index(
            "ix_sessions_ip_created_at_id",
            "ip",
            "created_at",
            "id",
            postgresql_ops={"ip": "text_pattern_ops"},
        ),
        Index("ix_sessions_kind_created_at_id", "kind", "created_at", "id"),
        Index(
            "ix_sessions_ended",
            "created_at",
            "id",
            postgresql_where=text("ended_at IS NOT NULL"),
            sqlite_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "ix_sessions_open",
            "expires_at",
            "id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_sessions_user_id_ended_at", "user_id", "ended_at"),
    )

    @hybrid_property
    def title(self) -> str:
        return f"Session {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Session " + cast(cls.id, String)

    @classmethod
    def live(cls, now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
        """SQL: whether it is neither ended, nor expired, nor unused for too long."""
        return and_(cls.ended_at.is_(None), cls.expires_at > now, cls.idle_at > now)

    @hybrid_property
    def state(self) -> str:
        """The state, one of STATES."""
        if self.ended_at:
            return "ended"
        is_live = min(self.expires_at, self.idle_at) > clock.now()
        return "live" if is_live else "expired"

    @state.inplace.expression
    @classmethod
    def _state_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("state")

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        match value:
            case "ended":
                return cls.ended_at.is_not(None)
            case "live":
                return cls.live(moment())
        is_over = or_(cls.expires_at <= moment(), cls.idle_at <= moment())
        return and_(cls.ended_at.is_(None), is_over)
