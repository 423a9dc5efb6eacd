"""Node: a part of the organisation that people and rows belong to; nodes form a tree.

A company by itself is the root alone. Below it are service providers, their platform accounts, and
the sub-accounts of these, so that the kind of a node says how deep it lies.
"""

from itertools import pairwise
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table
from sqlalchemy import false as false_in_sql
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, relationship

from backoffice.models.base import Base, Entity, Searchable
from backoffice.models.columns import column
from backoffice.models.keys import key_type
from backoffice.models.types import BigInt

ROOT = 1  # the id of the root, which every installation has
SERVICE_PROVIDER = "service_provider"
PLATFORM_ACCOUNT = "platform_account"
SUB_ACCOUNT = "sub_account"
KINDS = ("root", SERVICE_PROVIDER, PLATFORM_ACCOUNT, SUB_ACCOUNT)
BELOW = dict(pairwise(KINDS))  # the kind of the nodes below one of each kind
STATUSES = ("active", "blocked")
OF_NODE = "node"  # a key in the `info` of columns that say to which node a row belongs
LONGEST_INVITATION = 30 * 24  # hours


class Node(Searchable, Entity):
    """A part of the organisation.

    Attributes:
        invitation_hours: how long invitations of its people are valid; None as everywhere.
        two_factor_required: whether its people need a second factor.
        web_sign_in: whether those of its people who have a login name may sign in on the web.
        ip_whitelist: from where its people may sign in, besides what their own list says.
    """

    __tablename__ = "nodes"
    __search__ = ("name",)
    __grants__ = True

    kind: Mapped[str] = column(
        String(20),
        choices=KINDS,
        colours={SERVICE_PROVIDER: "blue", PLATFORM_ACCOUNT: "green", SUB_ACCOUNT: "grey"},
    )
    parent_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("nodes.id", ondelete="RESTRICT")
    )
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(key_type(80), info={"hidden": True})
    status: Mapped[str] = column(
        String(10),
        default="active",
        choices=STATUSES,
        colours={"active": "green", "blocked": "red"},
    )
    status_reason: Mapped[str] = mapped_column(String(500), default="", info={"key": False})
    invitation_hours: Mapped[int | None] = column(least=1, most=LONGEST_INVITATION)
    two_factor_required: Mapped[bool] = mapped_column(default=False)
    web_sign_in: Mapped[bool] = mapped_column(default=False, server_default=false_in_sql())
    ip_whitelist: Mapped[list[str]] = mapped_column(default=list)

    parent: Mapped["Node | None"] = relationship(remote_side="Node.id")
    children: Mapped[list["Node"]] = relationship(viewonly=True, order_by="Node.name_key")

    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("(kind = 'root') = (parent_id IS NULL)", name="parent"),
        Index("ix_nodes_parent_id_name_key", "parent_id", "name_key", unique=True),
        Index("ix_nodes_kind_id", "kind", "id"),
        Index("ix_nodes_status_id", "status", "id"),
        Index("ix_nodes_search_key_id", "search_key", "id"),
    )


# Which nodes lie below which, and how many levels: every node lies 0 levels below itself.
node_paths = Table(
    "node_paths",
    Base.metadata,
    Column("ancestor_id", BigInt, ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True),
    Column("descendant_id", BigInt, ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True),
    Column("depth", Integer, nullable=False),
    Index("ix_node_paths_descendant_id_ancestor_id", "descendant_id", "ancestor_id"),
)


def of_node(*, optional: bool = False, **info: Any) -> MappedColumn[Any]:
    """Return the column `node_id` of a model, which says to which node a row belongs.

    People see the rows of the nodes that they reach. Without a node, a row belongs to the whole
    company. `Record` adds the relationship `node`.

    Args:
        optional: whether a row may be of no node, which all people see.
        info: more for the column's `info`.
    """
    about = {OF_NODE: True, "hidden": True, **info}
    key = ForeignKey("nodes.id", ondelete="RESTRICT")
    if optional:
        return mapped_column(BigInt, key, nullable=True, info=about)
    return mapped_column(
        BigInt, key, nullable=False, default=ROOT, server_default=str(ROOT), info=about
    )
