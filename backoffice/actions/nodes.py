"""Actions on nodes: move them, block and unblock their people, delete empty ones."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from backoffice.actions.deletion import Delete
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.engine.set_action import SetAction
from backoffice.extensions import db
from backoffice.models import fields, node_paths
from backoffice.models.node import SERVICE_PROVIDER, SUB_ACCOUNT, Node
from backoffice.models.user import User
from backoffice.organisation import nodes


def _has_nodes_below(_context: ActionContext) -> ColumnElement[bool]:
    below: Any = aliased(Node)
    return exists().where(below.parent_id == Node.id)


def _count_people(rows: Ids) -> Select[int]:
    return select(func.count(User.id)).where(User.node_id.in_(rows), User.status == "active")


OWN = Rule(
    "own",
    _l("You belong to {label}: somebody above it can do this."),
    lambda context: Node.id == context.actor.node_id,
)
NO_PROVIDER = Rule(
    "no_provider",
    _l("{label} has no people of its own: only service providers are blocked."),
    lambda _context: Node.kind != SERVICE_PROVIDER,
)


class MoveNodes(SetAction):
    """Put nodes, with all that lies below them, below another one."""

    model = Node
    name = "move"
    permission = "nodes.edit"
    label = _l("Move")
    title = Counted("Move {n} node below {chosen}", "Move {n} nodes below {chosen}")
    event = _l("{actor} moved {subject}")
    done = _l("moved")
    result = Counted("{n} node moved.", "{n} nodes moved.")
    locks = (nodes.LOCK,)
    sets: ClassVar = {
        Node.parent: Choose(
            Node, Node.kind != SUB_ACCOUNT, label=_l("Below"), prompt=_l("Choose a node.")
        )
    }
    rules = (OWN,)

    def follow(self, context: ActionContext, rows: Ids) -> None:
        node_paths.renew(db.session.connection(), list(db.session.scalars(rows)))


class BlockNodes(Action):
    """Let nobody of the service providers sign in, or go on."""

    model = Node
    name = "block"
    meaning = _l("Block and unblock service providers")
    label = _l("Block")
    title = Counted("Block {n} service provider", "Block {n} service providers")
    event = _l("{actor} blocked {subject}")
    done = _l("blocked")
    result = Counted("{n} service provider blocked.", "{n} service providers blocked.")
    danger = True
    reason_required = True
    watches = ("status",)
    rules = (OWN, NO_PROVIDER)
    effects = (
        Effect("Keeps out {n} active person.", "Keeps out {n} active people.", _count_people),
    )
    inverse = "unblock"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Node.status == "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, status="blocked", status_reason=context.reason)


class UnblockNodes(Action):
    """Let people of the service providers sign in again."""

    model = Node
    name = "unblock"
    permission = "nodes.block"
    label = _l("Unblock")
    title = Counted("Unblock {n} service provider", "Unblock {n} service providers")
    event = _l("{actor} unblocked {subject}")
    done = _l("unblocked")
    result = Counted("{n} service provider unblocked.", "{n} service providers unblocked.")
    watches = ("status",)
    rules = (OWN,)
    inverse = "block"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Node.status == "active"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, status="active", status_reason="")


class DeleteNodes(Delete):
    """Delete nodes that are empty."""

    model = Node
    name = "delete"
    watches = fields.visible(Node)
    rules = (
        OWN,
        Rule("has_below", _l("{label} has nodes below it: delete them first."), _has_nodes_below),
        Rule(
            "in_use",
            _l("People or rows belong to {label}: move them first."),
            lambda _context: nodes.is_in_use(),
        ),
    )
