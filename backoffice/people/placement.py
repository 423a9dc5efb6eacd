"""Check where people are in the organisation: their node, and what they reach of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, case, exists, or_
from sqlalchemy.orm import aliased

from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import Group
from backoffice.models.node import (
    PLATFORM_ACCOUNT,
    ROOT,
    SERVICE_PROVIDER,
    SUB_ACCOUNT,
    Node,
)
from backoffice.models.user import User
from backoffice.policy import reach
from backoffice.policy.actor import Actor
from backoffice.policy.reach import Reach

PLACE = "users.assign_nodes"
FIELDS = (
    "node",
    "platform_accounts_mode",
    "platform_accounts",
    "sub_accounts_mode",
    "sub_accounts",
)
HOMES = ("root", SERVICE_PROVIDER)  # the kinds of nodes that people belong to


@dataclass(frozen=True)
class Placement:
    """A node, and the accounts below it that somebody reaches."""

    node: Node
    platform_accounts_mode: str
    platform_accounts: Collection[Node]
    sub_accounts_mode: str
    sub_accounts: Collection[Node]

    @property
    def reach(self) -> Reach:
        return reach.of_modes(
            self.node.id,
            self.platform_accounts_mode,
            (each.id for each in self.platform_accounts),
            self.sub_accounts_mode,
            (each.id for each in self.sub_accounts),
        )

    @property
    def level(self) -> str:
        """The level of a role that is for people who reach as much."""
        if self.sub_accounts_mode != "whole":
            return SUB_ACCOUNT
        return SERVICE_PROVIDER if self.platform_accounts_mode == "whole" else PLATFORM_ACCOUNT


def inherit(actor: Actor, values: dict[str, Any], creator: User | None) -> None:
    """Let a new person reach what their creator reaches, unless something else was chosen."""
    if creator is None or "platform_accounts_mode" in values or "node" in values:
        return
    if not actor.reach.is_everything:
        values |= {name: getattr(creator, name) for name in FIELDS}


def check(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Require that a person's place fits together, and lies within what the actor reaches.

    Their groups have to fit too. Raises RuleBroken or GrantExceeded with the field it belongs to.
    """
    if not _is_asked(values):
        return
    placement = _placement(actor, user, values)
    if user is None or placement != _placement(actor, user, {}):
        _check_own(actor, user)
        _check_accounts(placement)
        if not reach.contains(db.session(), actor.reach, placement.reach):
            message = _("This is more of the organisation than you reach yourself.")
            raise GrantExceeded(message, field="platform_accounts_mode", code=PLACE)
    _check_groups(placement, values.get("groups", user.groups if user else ()))


def _is_asked(values: dict[str, Any]) -> bool:
    """Return whether anything is written that nodes decide about."""
    if not values.keys().isdisjoint(FIELDS):
        return True
    return any(group.node_id or group.level for group in values.get("groups", ()))


def _placement(actor: Actor, user: User | None, values: dict[str, Any]) -> Placement:
    present = user or User(
        node=db.session.get_one(Node, actor.node_id),
        platform_accounts_mode="whole",
        sub_accounts_mode="whole",
    )
    given = {name: values.get(name) or getattr(present, name) for name in FIELDS}
    for name in ("platform_accounts", "sub_accounts"):
        given[name] = tuple(values.get(name, getattr(present, name)))
    return Placement(**given)


def _check_own(actor: Actor, user: User | None) -> None:
    if user is not None and user.id == actor.user_id:
        message = _("Nobody changes what they reach themselves.")
        raise GrantExceeded(message, field="node", code=PLACE)


def _check_accounts(placement: Placement) -> None:
    if placement.node.kind not in HOMES:
        raise RuleBroken(_("People belong to a service provider."), field="node")
    some = placement.platform_accounts_mode != "whole"
    if placement.node.id == ROOT and some:
        message = _("Choose a service provider first: platform accounts belong to one.")
        raise RuleBroken(message, field="platform_accounts_mode")
    if placement.platform_accounts_mode == "only":
        _check_below(placement.platform_accounts, placement.node, "platform_accounts")
    if placement.sub_accounts_mode == "whole":
        return
    if placement.platform_accounts_mode != "only" or len(placement.platform_accounts) != 1:
        message = _("Sub-accounts are chosen within exactly one platform account.")
        raise RuleBroken(message, field="sub_accounts_mode")
    if placement.sub_accounts_mode == "only":
        (account,) = placement.platform_accounts
        _check_below(placement.sub_accounts, account, "sub_accounts")


def _check_below(accounts: Collection[Node], above: Node, field: str) -> None:
    if not accounts:
        raise RuleBroken(_("“Only these” needs at least one account."), field=field)
    for account in accounts:
        if account.parent_id != above.id:
            names = {"account": account.name, "node": above.name}
            raise RuleBroken(_("%(account)s is not one of %(node)s.", **names), field=field)


def _check_groups(placement: Placement, groups: Collection[Group]) -> None:
    """Require groups of this node or of all, and a role that is for people who reach as much."""
    for group in groups:
        if group.node_id not in (None, placement.node.id):
            message = _("%(group)s belongs to another service provider.", group=group.name)
            raise RuleBroken(message, field="groups")
    roles = sorted((group for group in groups if group.level), key=lambda group: group.name)
    if len(roles) > 1:
        names = ", ".join(group.name for group in roles)
        raise RuleBroken(_("A person has one role: %(roles)s.", roles=names), field="groups")
    if roles and roles[0].level != placement.level:
        message = _("%(group)s is a role for people who reach more, or less.", group=roles[0].name)
        raise RuleBroken(message, field="groups")


def is_elsewhere(group_ids: Collection[int]) -> ColumnElement[bool]:
    """SQL: whether one of the groups is of another node than the person."""
    others = and_(Group.node_id.is_not(None), Group.node_id != User.node_id)
    return exists().where(Group.id.in_(group_ids), others)


def has_other_role(group_ids: Collection[int]) -> ColumnElement[bool]:
    """SQL: whether one of the groups is a role for others than the person, or a second one."""
    level = case(
        (User.sub_accounts_mode != "whole", SUB_ACCOUNT),
        (User.platform_accounts_mode != "whole", PLATFORM_ACCOUNT),
        else_=SERVICE_PROVIDER,
    )
    role = aliased(Group)
    has_one = exists().where(
        user_groups.c.user_id == User.id,
        user_groups.c.group_id == role.id,
        role.level.is_not(None),
        role.id.not_in(group_ids),
        is_current(),
    )
    misfits = and_(Group.level.is_not(None), or_(Group.level != level, has_one))
    return exists().where(Group.id.in_(group_ids), misfits)
