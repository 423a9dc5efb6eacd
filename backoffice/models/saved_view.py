"""SavedView: the address of a list under a name, of one person, who may share it with groups."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock, limits
from backoffice.models.base import Base
from backoffice.models.group import Group
from backoffice.models.keys import key_type
from backoffice.models.types import BigInt

NAME_LENGTH = 60  # characters

saved_view_groups = Table(
    "saved_view_groups",
    Base.metadata,
    Column(
        "saved_view_id", BigInt, ForeignKey("saved_views.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_saved_view_groups_group_id_saved_view_id", "group_id", "saved_view_id"),
)


class SavedView(Base):
    """The search, filters, order and columns of a list, under a name.

    It is no entity, because nobody lists other people's views. People see their own, and those that
    are shared with their groups.

    Attributes:
        user_id: the owner, with whom it is deleted.
        screen: the area of the list.
        address: the query string of the list.
        version: a form that was made for an older one is refused.
        groups: those whose members see it too.
    """

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    screen: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    name_key: Mapped[str] = mapped_column(key_type(NAME_LENGTH))
    address: Mapped[str] = mapped_column(String(limits.SAVED_VIEW))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    groups: Mapped[list[Group]] = relationship(secondary=saved_view_groups, order_by=Group.name_key)

    __table_args__ = (
        UniqueConstraint("user_id", "screen", "name_key"),
        {"sqlite_autoincrement": True},  # addresses name views by their ids, so none is given twice
    )
