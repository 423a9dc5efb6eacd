"""Answers who may do something (`can`, `require`), and which rows they see (`scope`)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    not_,
    or_,
    select,
    true,
)

from backoffice.errors import NotAllowed
from backoffice.models import fields, row_keys, row_nodes
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkRun
from backoffice.models.group import Group
from backoffice.models.node import Node
from backoffice.models.user import User
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, catalogue
from backoffice.policy.reach import people, within
from backoffice.text import capital

Scope = Callable[[Actor], ColumnElement[bool]]
_narrower: dict[type[Record], Scope] = {}  # which rows an actor sees, if not all
_open: set[type[Record]] = set()  # models of which people see some rows without the permission
# Whether it leaves out, for an actor, any row that has a name; all others do.
_hiding: dict[Scope, Callable[[Actor], bool]] = {}


def can(actor: Actor | None, code: str) -> bool:
    """Return whether `actor` has the permission `code`; without an actor there is none."""
    if actor is None:
        return False
    return code in actor.permissions or actor.all_permissions


def require(actor: Actor | None, code: str) -> Actor:
    """Return the actor if they have the permission, else raise NotAllowed with its meaning."""
    if actor is not None and can(actor, code):
        return actor
    raise NotAllowed(_lacking(code), code=code)


def _lacking(code: str) -> str:
    """Return the sentence that says which permission is missing, and what it is for."""
    permission = catalogue().get(code)
    if permission is None:
        return str(_("You need the permission %(code)s. An administrator can give it.", code=code))
    return str(
        _(
            "You need the permission %(code)s (“%(meaning)s”). An administrator can give it.",
            code=code,
            meaning=permission.meaning,
        )
    )


def sees(actor: Actor | None, model: type[Record]) -> bool:
    """Return whether the actor sees any rows of `model`."""
    if can(actor, f"{area_of(model)}.view"):
        return True
    return actor is not None and model in _open


def may_read(actor: Actor | None, model: type[Record], name: str) -> bool:
    """Return whether the actor, who sees rows of `model`, may also see their attribute `name`.

    An attribute that tells something about other rows, as a user's groups do, is only for those who
    see those rows. For others it is in no list, filter, form, export or event. Nor are files with a
    mask for those who see masked data.
    """
    if masking.is_masked(actor, model, name) and fields.is_file(model, name):
        return False
    other = fields.told_of(model, name)
    if other is Node and model is not Node and (actor is None or not actor.has_nodes):
        return False
    return other is None or sees(actor, other)


def scope(actor: Actor | None, model: type[Record]) -> ColumnElement[bool]:
    """Return the condition, for every read of `model`, that selects the rows the actor sees."""
    if actor is None or not sees(actor, model):
        return false()
    seen = _narrower[model](actor) if model in _narrower else true()
    if not actor.reach.is_everything:
        seen = and_(seen, _reached(actor, model))
    return and_(seen, *row_keys.present(model)) if model.__key_columns__ else seen


def _reached(actor: Actor, model: type[Record]) -> ColumnElement[bool]:
    """SQL: whether a row is of a node that the actor reaches; rows of no node are seen by all."""
    if model is Node:
        return or_(Node.id == actor.node_id, within(actor.reach, Node.id))
    if model is User:
        return or_(User.id == actor.user_id, people(actor.reach, actor.node_id))
    if model is Group:
        return or_(Group.node_id.is_(None), Group.node_id == actor.node_id)
    if model.__node_of__:
        reached = (_is_reached(actor, model, name) for name in model.__node_of__)
        return and_(_has_one(model), *reached)
    of_node = row_nodes.own_column(model)
    return true() if of_node is None else within(actor.reach, of_node)


def _has_one(model: type[Record]) -> ColumnElement[bool]:
    """SQL: whether one of the related rows that say a row's node is there."""
    return or_(*(row_nodes.key(model, name).is_not(None) for name in model.__node_of__))


def _is_reached(actor: Actor, model: type[Record], name: str) -> ColumnElement[bool]:
    """SQL: whether the related row, if there is one, is of a node that the actor reaches."""
    other = fields.related_model(model, name)
    key = row_nodes.key(model, name)
    row = select(other.id).where(other.id == key, _reached(actor, other))
    return or_(key.is_(None), exists(row.correlate(model)))


def named(actor: Actor | None, model: type[Record]) -> ColumnElement[str]:
    """Return, in SQL, what a row of `model` is called for the actor.

    It is the row's label within their scope, otherwise only its kind and id.
    """
    anonymous = f"{capital(model.noun())} " + cast(model.id, String)
    seen = scope(actor, model)
    label = model.label_column()
    if not isinstance(label.type, String):  # such as the id, where nothing else names a row
        label = cast(label, String)
    name = case((seen, label), else_=anonymous)
    return masking.label_in_sql(actor, model, name, not_(seen))


def about(actor: Actor | None, model: type[Record]) -> Select[Any, str] | None:
    """Select rows of `model` with the names of the rows that these are about, if they have such.

    Rows that are about one which the actor does not see are left out.
    """
    if not model.__about__:
        return None
    related = fields.related_model(model, model.__about__)
    rows = select(model.id, named(actor, related)).join(getattr(model, model.__about__))
    return rows.where(scope(actor, related))


def restriction(actor: Actor | None, model: type[Record]) -> ColumnElement[bool] | None:
    """Return the condition for the rows of `model` whose names the actor may read beside others.

    It is None if they may read all names.
    """
    if can(actor, f"{area_of(model)}.view") and not _hides_names(actor, model):
        return None
    return scope(actor, model)


def _hides_names(actor: Actor | None, model: type[Record]) -> bool:
    """Return whether the actor's scope leaves out any row that has a name."""
    if actor is not None and not actor.reach.is_everything and row_nodes.is_of_node(model):
        return True
    narrower = _narrower.get(model)
    if narrower is None or actor is None:
        return narrower is not None
    hides = _hiding.get(narrower)
    return hides is None or hides(actor)


def sees_part(actor: Actor, model: type[Record]) -> bool:
    """Return whether limits of their own hide rows of `model` from the actor that others see."""
    hides = _hiding.get(_narrower[model]) if model in _narrower else None
    return hides is not None and hides(actor)


def scoped(
    model: type[Record],
    *,
    without_permission: bool = False,
    hides_names: bool | Callable[[Actor], bool] = True,
) -> Callable[[Scope], Scope]:
    """Decorate the function that returns which rows of `model` an actor sees.

    It is called for actors with the permission to view the model; with `without_permission` also
    for those without it. `hides_names` says, perhaps of an actor, whether any row that it leaves
    out has a name, which the actor must not read beside other rows either. Lists of an actor of
    whom it says so count no further than COUNTED_OF_PART.
    """

    def keep(narrower: Scope) -> Scope:
        _narrower[model] = narrower
        if without_permission:
            _open.add(model)
        if callable(hides_names):
            _hiding[narrower] = hides_names
        elif not hides_names:
            _hiding[narrower] = lambda _actor: False
        return narrower

    return keep


@scoped(User, hides_names=False)
def _users(_actor: Actor) -> ColumnElement[bool]:
    """Hide deleted users from everyone; of them only their ids are left, in the events."""
    return User.status != "deleted"


@scoped(BulkRun, without_permission=True)
def _bulk_runs(actor: Actor) -> ColumnElement[bool]:
    """Show people their own runs, or all with the permission, but no previews that were not run."""
    everyone = true() if can(actor, "bulk_runs.view") else false()
    is_visible = or_(BulkRun.actor_id == actor.user_id, everyone)
    return and_(BulkRun.state != "planned", is_visible)
