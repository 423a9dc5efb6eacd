"""Group: a set of permissions for its members, and of groups that they can assign to others."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, and_, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.associations import group_grants, is_current, user_groups
from backoffice.models.base import Entity, Searchable
from backoffice.models.columns import column
from backoffice.models.group_keys import LENGTH, free_key
from backoffice.models.keys import key_type
from backoffice.models.node import KINDS, Node, of_node
from backoffice.models.types import BigInt

ADMINISTRATORS = "administrators"
LEVELS = KINDS[1:]


class Group(Searchable, Entity):
    """A group of people.

    Attributes:
        key: identifies the group in sheets, in all installations and under any name. It is made of
            the first name.
        name_skeleton: what the name looks like (text/looks.py), so that no two look the same. It
            is empty where another name looked the same before that was forbidden.
        permissions: codes of `policy.permissions`.
        all_permissions: true for the group of administrators only.
        grants: the groups that members can assign.
        mask_data: whether members see the personal data of clients masked.
        node: the service provider whose people alone may be in it; None if all may.
        level: of a group that is a role, how much of a node its members reach: all of the service
            provider, platform accounts, or sub-accounts. A person has one role at most. A group
            without a level says nothing about that.
        reviewer: who decides in access reviews whether its members are to stay.
    """

    __tablename__ = "groups"
    __search__ = ("name", "description")
    __grants__ = True

    key: Mapped[str] = mapped_column(
        String(LENGTH), unique=True, default=free_key, info={"hidden": True}
    )
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(key_type(80), unique=True, info={"hidden": True})
    name_skeleton: Mapped[str | None] = mapped_column(
        key_type(200), info={"hidden": True}, sort_order=94
    )
    description: Mapped[str] = mapped_column(String(300), default="")
    permissions: Mapped[list[str]] = mapped_column(default=list)
    is_system: Mapped[bool] = mapped_column(default=False)
    all_permissions: Mapped[bool] = mapped_column(default=False)
    mask_data: Mapped[bool] = mapped_column(default=False, server_default=false(), sort_order=96)
    reviewer_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL"), sort_order=95
    )

    node_id: Mapped[int | None] = of_node(optional=True)
    level: Mapped[str | None] = column(
        String(20),
        choices=LEVELS,
        info={"tells_of": Node.__tablename__},
        sort_order=97,
    )

    node: Mapped[Node | None] = relationship(foreign_keys=[node_id])
    # By name, because the module of User imports this one.
    users: Mapped[list[Any]] = relationship(
        "User",
        secondary=user_groups,
        primaryjoin=lambda: and_(Group.id == user_groups.c.group_id, is_current()),
        secondaryjoin="User.id == user_groups.c.user_id",
        back_populates="groups",
    )
    grants: Mapped[list["Group"]] = relationship(
        secondary=group_grants,
        primaryjoin="Group.id == group_grants.c.group_id",
        secondaryjoin="Group.id == group_grants.c.grantable_id",
    )

    reviewer: Mapped[Any | None] = relationship("User", foreign_keys=[reviewer_id])

    __table_args__ = (
        Index("ix_groups_name_skeleton", "name_skeleton", unique=True),
        Index("ix_groups_reviewer_id", "reviewer_id"),
        Index("ix_groups_node_id_id", "node_id", "id"),
        CheckConstraint(f"level IN {LEVELS}", name="level"),
    )
