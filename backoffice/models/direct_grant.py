"""DirectGrant: a permission that somebody has beside those of their groups."""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, or_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock
from backoffice.models import fields
from backoffice.models.base import Entity, moment
from backoffice.models.membership_ends import SOON
from backoffice.models.types import BigInt
from backoffice.models.user import User

ENDS = ("soon", "later", "over", "never")


class DirectGrant(Entity):
    """One extra permission of one person. One whose end has come is none.

    Attributes:
        permission: its code, see `policy.permissions`.
        reason: why it was given.
        told_at: when it was told that the end is near.
    """

    __tablename__ = "direct_grants"
    __node_of__ = ("user",)
    __singular__ = "extra permission"
    __plural__ = "extra permissions"
    __label__ = "permission"
    __verbs__ = ("view", "export")
    __derived__: ClassVar = {"ends": ENDS}
    __derived_colours__: ClassVar = {"ends": {"soon": "orange", "later": "blue"}}

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    permission: Mapped[str] = mapped_column(String(63), info={"kind": "code"})
    reason: Mapped[str] = mapped_column(String(500), default="", info={"key": False})
    given_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    ends_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None] = mapped_column(info={"hidden": True})

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    given_by: Mapped[User | None] = relationship(foreign_keys=[given_by_id])

    __table_args__ = (
        UniqueConstraint("user_id", "permission"),
        Index("ix_direct_grants_permission_id", "permission", "id"),
        Index("ix_direct_grants_given_by_id_id", "given_by_id", "id"),
        Index("ix_direct_grants_created_at_id", "created_at", "id"),
        Index(
            "ix_direct_grants_ends_at",
            "ends_at",
            "id",
            sqlite_where=text("ends_at IS NOT NULL"),
            postgresql_where=text("ends_at IS NOT NULL"),
        ),
    )

    @classmethod
    def current(cls) -> ColumnElement[bool]:
        """SQL: whether it has not ended, at the moment the statement runs."""
        return or_(cls.ends_at.is_(None), cls.ends_at > moment())

    @hybrid_property
    def ends(self) -> str:
        """When it ends, one of ENDS."""
        if self.ends_at is None:
            return "never"
        left = self.ends_at - clock.now()
        if left <= timedelta():
            return "over"
        return "soon" if left <= SOON else "later"

    @ends.inplace.expression
    @classmethod
    def _ends_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("ends")

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        match value:
            case "soon":
                return and_(cls.ends_at > moment(), cls.ends_at <= moment(SOON))
            case "later":
                return cls.ends_at > moment(SOON)
            case "over":
                return cls.ends_at <= moment()
        return cls.ends_at.is_(None)


# Those that count now. Events note them under this name, which only those read who see the rows.
User.extra_permissions = relationship(
    DirectGrant,
    primaryjoin=lambda: and_(User.id == DirectGrant.user_id, DirectGrant.current()),
    foreign_keys=[DirectGrant.user_id],
    viewonly=True,
    info={fields.FOR_FILTERS: True},
)
