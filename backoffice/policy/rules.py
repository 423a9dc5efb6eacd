"""The three questions everything asks: may they (`can`, `require`), and which rows do they see (`scope`)?"""

from collections.abc import Callable

from sqlalchemy import ColumnElement, String, and_, case, cast, false, or_, true

from backoffice.errors import NotAllowed
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkRun
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, catalogue

Scope = Callable[[Actor], ColumnElement[bool]]
_narrower: dict[type[Record], Scope] = {}
_open: set[type[Record]] = set()


def can(actor: Actor | None, code: str) -> bool:
    """Whether `actor` holds the permission `code`. Nobody, signed out, holds any."""
    if actor is None:
        return False
    return code in actor.permissions or actor.all_permissions


def require(actor: Actor | None, code: str) -> Actor:
    """The actor, or NotAllowed with the permission's meaning."""
    if actor is None or not can(actor, code):
        known = catalogue().get(code)
        what = f" ({known.meaning.lower()})" if known else ""
        raise NotAllowed(
            f"You need the permission {code}{what}. An administrator can give it.", code=code
        )
    return actor


def sees(actor: Actor | None, model: type[Record]) -> bool:
    """Whether the actor sees rows of `model` at all, or some of them."""
    return can(actor, f"{area_of(model)}.view") or (actor is not None and model in _open)


def may_read(actor: Actor | None, model: type[Record], name: str) -> bool:
    """Whether the actor, who sees rows of `model`, may also know what their attribute `name` says.

    What tells of other rows, as a person's groups do, is for those who see these: on no list, filter, form, export
    or event for anybody else.
    """
    other = fields.told_of(model, name)
    return other is None or sees(actor, other)


def scope(actor: Actor | None, model: type[Record]) -> ColumnElement[bool]:
    """Which rows of `model` the actor sees, as a condition for every read of them."""
    if actor is None or not sees(actor, model):
        return false()
    return _narrower[model](actor) if model in _narrower else true()


def named(actor: Actor | None, model: type[Record]) -> ColumnElement[str]:
    """What the actor may call a row of `model`: its label within their scope, else its kind and number alone."""
    anonymous = f"{model.__singular__.capitalize()} " + cast(model.id, String)
    return case((scope(actor, model), model.label_column()), else_=anonymous)


def restriction(actor: Actor | None, model: type[Record]) -> ColumnElement[bool] | None:
    """Which rows of `model` the actor may read the names of, where they stand beside others; None if of all."""
    if _narrower.get(model) is _users and can(actor, "users.view"):
        return None  # all but the deleted, who have no name left
    if actor is not None and model not in _narrower and can(actor, f"{area_of(model)}.view"):
        return None
    return scope(actor, model)


def scoped(model: type[Record], *, without_permission: bool = False) -> Callable[[Scope], Scope]:
    """Decorate the function that says which rows of `model` an actor sees.

    It is asked about those who may view the screen; `without_permission` also about those who may not.
    """

    def keep(narrower: Scope) -> Scope:
        _narrower[model] = narrower
        if without_permission:
            _open.add(model)
        return narrower

    return keep


@scoped(User)
def _users(_actor: Actor) -> ColumnElement[bool]:
    """The deleted are gone for everyone; their number stays in the events."""
    return User.status != "deleted"


@scoped(BulkRun, without_permission=True)
def _bulk_runs(actor: Actor) -> ColumnElement[bool]:
    """One's own runs, and with the permission everyone's; previews that were never run are nobody's business."""
    everyone = true() if can(actor, "bulk_runs.view") else false()
    return and_(BulkRun.state != "planned", or_(BulkRun.actor_id == actor.user_id, everyone))
