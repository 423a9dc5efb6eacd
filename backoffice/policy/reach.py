"""Which nodes of the organisation somebody reaches, and therefore which people and rows they see.

A company that is the root alone never asks: whoever belongs to the root reaches everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, func, or_, select
from sqlalchemy import true as everything
from sqlalchemy.orm import Session

from backoffice.models.associations import user_platform_accounts, user_sub_accounts
from backoffice.models.node import ROOT, node_paths
from backoffice.models.user import User


@dataclass(frozen=True)
class Reach:
    """The nodes below some others.

    Attributes:
        anchors: the ids of those others; None for every node.
        least: how many levels below an anchor it begins: 0 with the anchors themselves, 1 below
            them.
    """

    anchors: frozenset[int] | None = None
    least: int = 0

    @property
    def is_everything(self) -> bool:
        return self.anchors is None


EVERYTHING = Reach()


def of_modes(
    node_id: int,
    platform_accounts_mode: str,
    platform_accounts: Iterable[int],
    sub_accounts_mode: str,
    sub_accounts: Iterable[int],
) -> Reach:
    """Return what somebody reaches who belongs to a node and has these modes and accounts (ids)."""
    if platform_accounts_mode == "whole":
        return EVERYTHING if node_id == ROOT else Reach(frozenset([node_id]))
    if platform_accounts_mode == "all":
        return Reach(frozenset([node_id]), 1)
    if sub_accounts_mode == "whole":
        return Reach(frozenset(platform_accounts))
    if sub_accounts_mode == "all":
        return Reach(frozenset(platform_accounts), 1)
    return Reach(frozenset(sub_accounts))


def within(reach: Reach, node_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """SQL: whether the node with this id is reached; no node is by those who reach everything."""
    if reach.anchors is None:
        return everything()
    reached = select(node_paths.c.descendant_id).where(
        node_paths.c.ancestor_id.in_(sorted(reach.anchors)), node_paths.c.depth >= reach.least
    )
    return node_id.in_(reached)


def contains(session: Session, reach: Reach, other: Reach) -> bool:
    """Return whether everything that `other` reaches, now and later, is reached by `reach`."""
    if reach.anchors is None:
        return True
    if other.anchors is None:
        return False
    deep = node_paths.c.depth + other.least >= reach.least
    held = select(func.count(node_paths.c.descendant_id.distinct())).where(
        node_paths.c.ancestor_id.in_(sorted(reach.anchors)),
        node_paths.c.descendant_id.in_(sorted(other.anchors)),
        deep,
    )
    return session.scalar(held) == len(other.anchors)


def people(reach: Reach, node_id: int) -> ColumnElement[bool]:
    """SQL: whether a person reaches nothing beyond `reach`, which is of somebody of this node."""
    if reach.anchors is None:
        return everything()
    is_of_node = User.node_id == node_id
    if reach == Reach(frozenset([node_id])):
        return is_of_node
    has_all = reach == Reach(frozenset([node_id]), 1)
    return and_(
        is_of_node,
        or_(
            and_(User.platform_accounts_mode == "all", everything() if has_all else false()),
            and_(User.platform_accounts_mode == "only", _within_accounts(reach)),
        ),
    )


def _within_accounts(reach: Reach) -> ColumnElement[bool]:
    """SQL: whether a person who reaches some platform accounts reaches nothing beyond."""
    assert reach.anchors is not None
    accounts = _only(user_platform_accounts, within(reach, user_platform_accounts.c.node_id))
    subs = _only(user_sub_accounts, within(reach, user_sub_accounts.c.node_id))
    account = user_platform_accounts.c.node_id
    above = _only(user_platform_accounts, account.in_(sorted(reach.anchors)))
    return or_(
        and_(User.sub_accounts_mode == "whole", accounts),
        and_(User.sub_accounts_mode == "all", or_(accounts, above if reach.least else false())),
        and_(User.sub_accounts_mode == "only", subs),
    )


def _only(table: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQL: whether all accounts of the person meet a condition."""
    return ~exists().where(table.c.user_id == User.id, ~condition)
