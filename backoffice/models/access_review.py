"""AccessReview: reviewers are asked, until a set time, whether people's access is still right."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Entity, moment
from backoffice.models.columns import column
from backoffice.models.types import BigInt
from backoffice.models.user import User

STATES = ("open", "closed")
PEOPLE = ("all", "dormant", "chosen")
NAME_LENGTH = 80  # characters


class AccessReview(Entity):
    """One review. What it asks about are its entries, which are fixed when it is opened.

    Attributes:
        people: whose access is asked about, one of PEOPLE.
        ends_at: until when reviewers decide.
        opened_by: who opened it, and stands in where an entry has no other reviewer.
        reminded_at: when its reviewers were told that its end is near.
        closed_by: None if it was closed because its end had come.
    """

    __tablename__ = "access_reviews"
    __node_of__ = ("opened_by",)
    __verbs__ = ("view", "export")

    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    state: Mapped[str] = column(
        String(10), default="open", choices=STATES, colours={"open": "blue", "closed": "grey"}
    )
    people: Mapped[str] = column(
        String(10),
        choices=PEOPLE,
        words={
            "all": "Everybody",
            "dormant": "Dormant people",
            "chosen": "Chosen people",
        },
    )
    ends_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    reminded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )

    opened_by: Mapped[User | None] = relationship(foreign_keys=[opened_by_id])
    closed_by: Mapped[User | None] = relationship(foreign_keys=[closed_by_id])

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_access_reviews_state_id", "state", "id"),
        Index("ix_access_reviews_ends_at_id", "ends_at", "id"),
        Index("ix_access_reviews_opened_by_id_id", "opened_by_id", "id"),
        Index("ix_access_reviews_closed_by_id", "closed_by_id"),
    )

    @classmethod
    def over(cls) -> ColumnElement[bool]:
        """SQL: whether nothing is decided in it any more, at the moment the statement runs."""
        return or_(cls.state == "closed", cls.ends_at <= moment())
