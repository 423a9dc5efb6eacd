"""SignInAttempt: every attempt to sign in, whether it worked or not."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, cast, not_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Record
from backoffice.models.columns import column
from backoffice.models.types import BigInt
from backoffice.models.user import User

RESULTS = ("ok", "failed", "blocked")
FACTORS = ("password", "code", "link")


class SignInAttempt(Record):
    """One attempt to prove a factor: a password, or a second factor.

    A link that is requested instead of a password counts as one. An attempt is stored as a
    failure until it is judged.

    Attributes:
        throttle_key: what the attempt counts for, as `auth.attempts.Key` makes it: an account by
            its id, an unknown name by a keyed hash, because people type passwords into the wrong
            field.
        reason: empty if the user is signed in by this attempt.
        device_key: the mark of the browser. If this attempt signed the user in, it is the new
            mark that the browser gets; else it is the one that the browser had before.
    """

    __tablename__ = "sign_in_attempts"
    __node_of__ = ("user",)
    __timeline__ = "at"
    __singular__ = "sign-in"
    __plural__ = "sign-ins"
    __label__ = "title"
    __verbs__ = ("view", "export")
    __search__ = ("device", "ip")
    __derived__: ClassVar = {"signed_in": ("yes", "no")}

    at: Mapped[datetime]
    throttle_key: Mapped[str] = mapped_column(
        String(80), default="", server_default="", info={"hidden": True, "personal": "address"}
    )
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    factor: Mapped[str] = column(
        String(10), default="password", server_default="password", choices=FACTORS
    )
    result: Mapped[str] = column(
        String(10),
        choices=RESULTS,
        words={"ok": "Successful"},
        colours={"ok": "green", "failed": "red", "blocked": "red"},
    )
    reason: Mapped[str] = mapped_column(String(40), default="")
    ip: Mapped[str] = mapped_column(String(45), default="", info={"kind": "ip"})
    network: Mapped[str] = mapped_column(
        String(45), default="", server_default="", info={"hidden": True}
    )
    device: Mapped[str] = mapped_column(String(200), default="")
    device_key: Mapped[str] = mapped_column(String(64), default="", info={"hidden": True})
    channel: Mapped[str] = mapped_column(String(4), default="web")

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])

    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        CheckConstraint(f"factor IN {FACTORS}", name="factor"),
        Index("ix_sign_in_attempts_throttle_key_at", "throttle_key", "at"),
        Index("ix_sign_in_attempts_network_at", "network", "at"),
        Index("ix_sign_in_attempts_user_id_at", "user_id", "at"),
        Index("ix_sign_in_attempts_factor_at_id", "factor", "at", "id"),
        Index(
            "ix_sign_in_attempts_ip_at_id",
            "ip",
            "at",
            "id",
            postgresql_ops={"ip": "text_pattern_ops"},
        ),
        Index("ix_sign_in_attempts_result_at_id", "result", "at", "id"),
        # The count by day reads only this index, not the table.
        Index("ix_sign_in_attempts_at_id", "at", "id", "result", "reason"),
    )

    @hybrid_property
    def signed_in(self) -> str:
        """Whether the user is signed in by this try: "yes" or "no".

        A correct password alone is not enough if a code is required too.
        """
        return "yes" if self.result == "ok" and not self.reason else "no"

    @signed_in.inplace.expression
    @classmethod
    def _signed_in_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("signed_in")

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        return cls.completed_sign_in() if value == "yes" else not_(cls.completed_sign_in())

    @classmethod
    def completed_sign_in(cls) -> ColumnElement[bool]:
        """SQL: whether the user is signed in by this attempt."""
        return and_(cls.result == "ok", cls.reason == "")

    @hybrid_property
    def title(self) -> str:
        return f"Sign-in {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Sign-in " + cast(cls.id, String)
