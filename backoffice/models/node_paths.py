"""Keep the closure of the tree of nodes: which nodes lie below which, and how deep.

Questions about a subtree are one look-up in `node_paths` on both engines. Whoever writes nodes by
the ORM keeps it without knowing; whoever moves them by SQL calls `renew`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, event, insert, inspect, literal, select, union_all
from sqlalchemy.orm import aliased

from backoffice.models.node import KINDS, Node, node_paths


def renew(connection: Connection, node_ids: Sequence[int]) -> None:
    """Write the paths of these nodes, and of all nodes below them, by their parents."""
    below = select(node_paths.c.descendant_id).where(node_paths.c.ancestor_id.in_(node_ids))
    moved = sorted({*connection.scalars(below), *node_ids})
    connection.execute(delete(node_paths).where(node_paths.c.descendant_id.in_(moved)))
    columns = ["ancestor_id", "descendant_id", "depth"]
    connection.execute(insert(node_paths).from_select(columns, union_all(*_paths(moved))))


def _paths(node_ids: Sequence[int]) -> list[Any]:
    """Return, for each depth that there is, the statement for the ancestors at that depth."""
    chain: list[Any] = [aliased(Node)]
    statements = []
    for depth in range(len(KINDS)):
        lowest, highest = chain[0], chain[-1]
        path = select(highest.id, lowest.id, literal(depth)).select_from(lowest)
        for below, above in pairwise(chain):
            path = path.join(above, above.id == below.parent_id)
        statements.append(path.where(lowest.id.in_(node_ids)))
        chain.append(aliased(Node))
    return statements


@event.listens_for(Node, "after_insert")
def _added(_mapper: object, connection: Connection, node: Node) -> None:
    renew(connection, [node.id])


@event.listens_for(Node, "after_update")
def _changed(_mapper: object, connection: Connection, node: Node) -> None:
    if inspect(node).attrs.parent_id.history.has_changes():
        renew(connection, [node.id])
