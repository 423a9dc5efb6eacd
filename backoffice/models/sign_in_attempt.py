"""SignInAttempt: every try to sign in, whether it worked or not."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, cast, not_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import BigInt, Record
from backoffice.models.user import User

RESULTS = ("ok", "failed", "blocked")
FACTORS = ("password", "code", "link")


class SignInAttempt(Record):
    """One factor that was tried: a password, a second factor, or a link that was asked for instead of a password.

    `throttle_key` is what it counts for, typed (`auth.attempts.Key`): an account by its number, a name that
    nobody has by a keyed hash, for people type passwords into the wrong field. A try has its row before it is
    judged, as a failure that is under way. Whoever is through has a row without a reason, whose `device_key` is
    the mark that the browser was given then; in all other rows it is the one that the browser had.
    """

    __tablename__ = "sign_in_attempts"
    __timeline__ = "at"
    __singular__ = "sign-in"
    __plural__ = "sign-ins"
    __label__ = "title"
    __search__ = ("device", "ip")
    __derived__: ClassVar = {"signed_in": ("yes", "no")}

    at: Mapped[datetime]
    throttle_key: Mapped[str] = mapped_column(
        String(80), default="", server_default="", info={"hidden": True, "personal": "address"}
    )
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    factor: Mapped[str] = mapped_column(
        String(10), default="password", server_default="password", info={"choices": FACTORS}
    )
    result: Mapped[str] = mapped_column(String(10), info={"choices": RESULTS})
    reason: Mapped[str] = mapped_column(String(40), default="")
    ip: Mapped[str] = mapped_column(String(45), default="", info={"ip": True})
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
        Index(
            "ix_sign_in_attempts_at_id", "at", "id", "result", "reason"
        ),  # read alone to count by day
    )

    @hybrid_property
    def signed_in(self) -> str:
        """Whether somebody was let in by this try: not after a password alone where a code is asked for too."""
        return "yes" if self.result == "ok" and not self.reason else "no"

    @signed_in.inplace.expression
    @classmethod
    def _signed_in_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("signed_in")

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        return cls.through() if value == "yes" else not_(cls.through())

    @classmethod
    def through(cls) -> ColumnElement[bool]:
        """In SQL: somebody was let in by this try."""
        return and_(cls.result == "ok", cls.reason == "")

    @hybrid_property
    def title(self) -> str:
        return f"Sign-in {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Sign-in " + cast(cls.id, String)
