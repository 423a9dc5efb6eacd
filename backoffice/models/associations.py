"""The tables between two entities.

They hold who is in which group, who has which client tags, and which groups a group may give.
"""

from sqlalchemy import Column, ForeignKey, Index, Table

from backoffice.models.base import Base
from backoffice.models.types import BigInt

user_groups = Table(
    "user_groups",
    Base.metadata,
    Column("user_id", BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_user_groups_group_id_user_id", "group_id", "user_id"),
)
user_client_tags = Table(
    "user_client_tags",
    Base.metadata,
    Column("user_id", BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "client_tag_id",
        BigInt,
        ForeignKey("client_tags.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Index("ix_user_client_tags_client_tag_id_user_id", "client_tag_id", "user_id"),
)
group_grants = Table(
    "group_grants",
    Base.metadata,
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("grantable_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
)
