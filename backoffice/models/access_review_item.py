"""AccessReviewItem: an access review asks whether one membership or extra permission is right."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    exists,
    or_,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock
from backoffice.models.access_review import AccessReview
from backoffice.models.associations import is_current, user_groups
from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.types import BigInt
from backoffice.models.user import User

STATES = ("waits", "left", "decided")
DECISIONS = ("undecided", "keep", "take_away", "ask")


class AccessReviewItem(Entity):
    """A person, and the group or extra permission that they had when the review was opened.

    Attributes:
        group: None for an extra permission, and for a group that was deleted since.
        permission: the code of the extra permission; '' for a group.
        access: what the group was called, or the code.
        reviewer: who decides; None leaves it to those who may open reviews.
        last_login_at: when the person had last signed in.
        last_used_at: when the person last did what this access allows, as far as events know.
        decision: one of DECISIONS; with `ask`, others are to decide.
        note: why it was decided so.
        was_gone: whether the access was gone already when it was decided to take it away.
    """

    __tablename__ = "access_review_items"
    __node_of__ = ("user",)
    __singular__ = "access review entry"
    __plural__ = "access review entries"
    __label__ = "title"
    __derived__: ClassVar = {"state": STATES}
    __derived_colours__: ClassVar = {
        "state": {"waits": "blue", "left": "orange", "decided": "green"}
    }
    __verbs__ = ("view", "export")

    review_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("access_reviews.id", ondelete="CASCADE")
    )
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("groups.id", ondelete="SET NULL")
    )
    permission: Mapped[str] = mapped_column(String(63), default="", info={"kind": "code"})
    access: Mapped[str] = mapped_column(String(80), info={"key": False})
    reviewer_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    last_login_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    decision: Mapped[str] = column(
        String(10),
        default="undecided",
        choices=DECISIONS,
        words={"keep": "Keep", "take_away": "Take away", "ask": "Ask"},
        colours={"undecided": "grey", "keep": "green", "take_away": "red", "ask": "orange"},
    )
    note: Mapped[str] = mapped_column(String(500), default="", info={"key": False})
    was_gone: Mapped[bool] = mapped_column(default=False)
    decided_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    decided_at: Mapped[datetime | None]

    review: Mapped[AccessReview] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    group: Mapped[Group | None] = relationship()
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewer_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    __table_args__ = (
        CheckConstraint(f"decision IN {DECISIONS}", name="decision"),
        Index("ix_access_review_items_review_id_id", "review_id", "id"),
        Index("ix_access_review_items_user_id_id", "user_id", "id"),
        Index("ix_access_review_items_group_id_id", "group_id", "id"),
        Index("ix_access_review_items_reviewer_id_id", "reviewer_id", "id"),
        Index("ix_access_review_items_decided_by_id_id", "decided_by_id", "id"),
        Index("ix_access_review_items_decision_id", "decision", "id"),
    )

    @hybrid_property
    def title(self) -> str:
        return f"{self.user.name}: {self.access}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        name = select(User.name).where(User.id == cls.user_id).correlate(cls).scalar_subquery()
        return name + ": " + cls.access

    @classmethod
    def held(cls) -> ColumnElement[bool]:
        """SQL: whether the person has the access, at the moment the statement runs."""
        in_group = exists().where(
            user_groups.c.user_id == cls.user_id,
            user_groups.c.group_id == cls.group_id,
            is_current(),
        )
        extra = exists().where(
            DirectGrant.user_id == cls.user_id,
            DirectGrant.permission == cls.permission,
            DirectGrant.current(),
        )
        return or_(in_group, and_(cls.permission != "", extra))

    @classmethod
    def is_over(cls) -> ColumnElement[bool]:
        """SQL: whether nothing is decided any more in the review that it belongs to."""
        return exists().where(AccessReview.id == cls.review_id, AccessReview.over())

    @hybrid_property
    def state(self) -> str:
        """Whether somebody has decided, or can still do so; one of STATES."""
        if self.decision != "undecided":
            return "decided"
        is_over = self.review.state == "closed" or self.review.ends_at <= clock.now()
        return "left" if is_over else "waits"

    @state.inplace.expression
    @classmethod
    def _state_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("state")

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        undecided = cls.decision == "undecided"
        match value:
            case "waits":
                return and_(undecided, ~cls.is_over())
            case "left":
                return and_(undecided, cls.is_over())
        return ~undecided
