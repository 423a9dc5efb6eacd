"""The tables between two entities.

They hold who is in which group, which client tags users and clients have, which accounts users
reach, and which groups a group's members can assign.
"""

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, Table, or_, text, true

from backoffice.models.base import Base, moment
from backoffice.models.types import BigInt, UTCDateTime

# A membership whose end has come is none: whoever reads the table asks for `is_current`.
user_groups = Table(
    "user_groups",
    Base.metadata,
    Column("user_id", BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("ends_at", UTCDateTime),
    Column("given_by_id", BigInt, ForeignKey("users.id", ondelete="SET NULL")),
    Column("told_at", UTCDateTime),  # when it was told that the end is near
    # Who is in a group is read from this index alone.
    Index("ix_user_groups_group_id_user_id_ends_at", "group_id", "user_id", "ends_at"),
    Index(
        "ix_user_groups_ends_at",
        "ends_at",
        sqlite_where=text("ends_at IS NOT NULL"),
        postgresql_where=text("ends_at IS NOT NULL"),
    ),
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
client_client_tags = Table(
    "client_client_tags",
    Base.metadata,
    Column("client_id", BigInt, ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "client_tag_id",
        BigInt,
        ForeignKey("client_tags.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Index("ix_client_client_tags_client_tag_id_client_id", "client_tag_id", "client_id"),
)


def _accounts(name: str) -> Table:
    """Return the table of which accounts users reach."""
    return Table(
        name,
        Base.metadata,
        Column("user_id", BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        Column("node_id", BigInt, ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True),
        Index(f"ix_{name}_node_id_user_id", "node_id", "user_id"),
    )


user_platform_accounts = _accounts("user_platform_accounts")
user_sub_accounts = _accounts("user_sub_accounts")
group_grants = Table(
    "group_grants",
    Base.metadata,
    Column("group_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("grantable_id", BigInt, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
)


def is_current() -> ColumnElement[bool]:
    """SQL: whether the membership in a group has not ended, at the moment the statement runs."""
    ends_at = user_groups.c.ends_at
    return or_(ends_at.is_(None), ends_at > moment())


def counts(association: object) -> ColumnElement[bool]:
    """SQL: whether the row of a table between two entities counts; those of others all do."""
    return is_current() if association is user_groups else true()
