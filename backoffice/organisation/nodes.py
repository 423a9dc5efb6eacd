"""Check what is written about nodes: where they lie, what they are called, what they demand."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, or_, select

from backoffice.auth import networks
from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models import row_nodes
from backoffice.models.associations import user_platform_accounts, user_sub_accounts
from backoffice.models.base import records as models
from backoffice.models.node import BELOW, ROOT, SERVICE_PROVIDER, Node
from backoffice.policy.actor import Actor
from backoffice.text import name_key

LOCK = "nodes"  # of whoever moves nodes, so that no two of them make a circle
# What a service provider alone demands of its people, with the value that demands nothing.
DEMANDS: dict[str, object] = {"two_factor_required": False, "ip_whitelist": []}
GIVEN_TO_PEOPLE = (user_platform_accounts, user_sub_accounts)


@records.reached(Node)
def out_of_reach(actor: Actor, node: Node) -> str:
    """Return why the actor may not change the node, or an empty string if they may.

    Nobody changes what their own node demands of them.
    """
    if node.id == actor.node_id and not actor.reach.is_everything:
        return _("You belong to %(node)s: somebody above it can change it.", node=node.name)
    return ""


@records.checked(Node, lock_first=LOCK)
def check_and_complete(_actor: Actor, node: Node | None, values: dict[str, Any]) -> None:
    """Put the node below its parent, and require a name that no other node there has.

    Raises RuleBroken with the field it belongs to.
    """
    parent = values.get("parent", node.parent if node else None)
    if node is None:
        values["kind"] = _kind_below(parent)
    elif "parent" in values and (parent and parent.id) != node.parent_id:
        _check_move(node, parent)
    if "name" in values and not values["name"]:
        raise RuleBroken(_("Give the node a name."), field="name")
    _check_name(node, parent, values.get("name", node.name if node else ""))
    _check_demands(values["kind"] if node is None else node.kind, values)
    if "ip_whitelist" in values:
        values["ip_whitelist"] = networks.canonical(values["ip_whitelist"])


def _kind_below(parent: Node | None) -> str:
    if parent is None:
        raise RuleBroken(_("Choose the node that it lies below."), field="parent")
    kind = BELOW.get(parent.kind)
    if kind is None:
        raise RuleBroken(_("Nothing lies below a sub-account."), field="parent")
    return kind


def _check_move(node: Node, parent: Node | None) -> None:
    """Require a parent of the kind that the node lies below, and nobody who would lose it."""
    if node.id == ROOT:
        raise RuleBroken(_("Nothing lies above this node."), field="parent")
    if parent is None or BELOW.get(parent.kind) != node.kind:
        raise RuleBroken(_("A node stays what it is: it lies below another node."), field="parent")
    given = (exists().where(table.c.node_id == node.id) for table in GIVEN_TO_PEOPLE)
    if db.session.scalar(select(or_(*given))):
        message = _("It is one of the accounts of some people: take it from them first.")
        raise RuleBroken(message, field="parent")


def _check_name(node: Node | None, parent: Node | None, name: str) -> None:
    same = select(Node.id).where(
        Node.parent_id == (parent.id if parent else None),
        Node.name_key == name_key(name),
        Node.id != (node.id if node else 0),
    )
    if db.session.scalar(same.limit(1)):
        raise RuleBroken(_("Another node there has this name."), field="name")


def _check_demands(kind: str, values: dict[str, Any]) -> None:
    if kind == SERVICE_PROVIDER:
        return
    for name, nothing in DEMANDS.items():
        if values.get(name, nothing) != nothing:
            message = _("Only service providers demand this of their people.")
            raise RuleBroken(message, field=name)


def is_in_use() -> ColumnElement[bool]:
    """SQL: whether people or rows of any kind belong to the node, or lie below it."""
    return or_(*_uses())


def _uses() -> Iterator[ColumnElement[bool]]:
    for table in GIVEN_TO_PEOPLE:
        yield exists().where(table.c.node_id == Node.id)
    for model in models():
        column = row_nodes.own_column(model)
        if column is not None and column.foreign_keys:
            yield exists(select(model.id).where(column == Node.id).correlate(Node))
