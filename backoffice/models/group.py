"""Group: a set of permissions that its members hold, and of groups that they may give."""

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.associations import group_grants
from backoffice.models.base import Entity, Searchable
from backoffice.models.keys import key_type

ADMINISTRATORS = "administrators"


class Group(Searchable, Entity):
    """Permissions are codes of `policy.permissions`; `all_permissions` is Administrators' alone."""

    __tablename__ = "groups"
    __search__ = ("name", "description")
    __grants__ = True

    key: Mapped[str | None] = mapped_column(String(40), unique=True, info={"hidden": True})
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(key_type(80), unique=True, info={"hidden": True})
    # What it looks like; empty where another name looked like it before that was forbidden.
    name_skeleton: Mapped[str | None] = mapped_column(
        key_type(200), info={"hidden": True}, sort_order=94
    )
    description: Mapped[str] = mapped_column(String(300), default="")
    permissions: Mapped[list[str]] = mapped_column(default=list)
    is_system: Mapped[bool] = mapped_column(default=False)
    all_permissions: Mapped[bool] = mapped_column(default=False)

    # A User, by name: a person knows groups, and not the other way round.
    users: Mapped[list[Any]] = relationship(
        "User", secondary="user_groups", back_populates="groups"
    )
    grants: Mapped[list["Group"]] = relationship(
        secondary=group_grants,
        primaryjoin="Group.id == group_grants.c.group_id",
        secondaryjoin="Group.id == group_grants.c.grantable_id",
    )

    __table_args__ = (Index("ix_groups_name_skeleton", "name_skeleton", unique=True),)
