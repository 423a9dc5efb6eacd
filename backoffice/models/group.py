"""Group: a set of permissions that its members hold, and of groups that they may give."""

from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from backoffice.models.base import Base, BigInt, Entity, Searchable
from backoffice.models.user import user_groups
from backoffice.text import name_key

if TYPE_CHECKING:
    from backoffice.models.user import User

ADMINISTRATORS = "administrators"

group_grants = Table(
    "group_grants",
    Base.metadata,
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("grantable_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
)


class Group(Searchable, Entity):
    """Permissions are codes of `policy.permissions`; `all_permissions` is Administrators' alone."""

    __tablename__ = "groups"
    __search__ = ("name", "description")
    __grants__ = True

    key: Mapped[str | None] = mapped_column(String(40), unique=True, info={"hidden": True})
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(80), unique=True, info={"hidden": True})
    description: Mapped[str] = mapped_column(String(300), default="")
    permissions: Mapped[list[str]] = mapped_column(default=list)
    is_system: Mapped[bool] = mapped_column(default=False)
    all_permissions: Mapped[bool] = mapped_column(default=False)

    users: Mapped[list["User"]] = relationship(secondary=user_groups, back_populates="groups")
    grants: Mapped[list["Group"]] = relationship(
        secondary=group_grants,
        primaryjoin="Group.id == group_grants.c.group_id",
        secondaryjoin="Group.id == group_grants.c.grantable_id",
    )

    @validates("name")
    def _keep_key(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name
