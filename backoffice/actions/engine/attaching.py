"""Attach rows of another entity to rows, and detach them: one pair of actions for each relation."""

from collections.abc import Sequence
from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import ColumnElement, ScalarSelect, false, func, select

from backoffice.actions.engine import relations
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose, Stored
from backoffice.data import records
from backoffice.models import fields, row_keys
from backoffice.models.base import Entity
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import may_read


class _Relating(Action):
    """What attaching and detaching have in common."""

    relation: ClassVar[str] = ""

    def shows(self, actor: Actor, name: str) -> bool:
        return super().shows(actor, name) and may_read(actor, self.model, self.relation)

    def require_readable(self, actor: Actor, _stored: Stored) -> None:
        records.require_readable(actor, self.model, self.relation)

    def others(self, context: ActionContext) -> list[int]:
        """Return the ids of the rows that were chosen."""
        chosen: list[int] = context.parameters[self.relation]
        return chosen

    def number_of(self, context: ActionContext) -> ScalarSelect[int]:
        """Return, in SQL, how many of the chosen rows the row has."""
        own, other = relations.columns(self.model, self.relation)
        chosen = other.in_(self.others(context))
        return select(func.count()).where(own == self.model.id, chosen).scalar_subquery()

    def judges_each_row(self) -> bool:
        return records.is_reached(self.model)

    def refusals(self, context: ActionContext, rows: Sequence[Entity]) -> dict[RowKey, str]:
        sentences = {row.id: records.out_of_reach(context.actor, row) for row in rows}
        return {row_id: sentence for row_id, sentence in sentences.items() if sentence}


class Attach(_Relating):
    """Give rows further related rows; to undo detaching, those that they had before."""

    event = _l("{actor} attached {added} to {subject}")
    done = _l("attached")

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_all: ColumnElement[bool] = self.number_of(context) == len(self.others(context))
        return has_all

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            relations.give_back(context, rows, self.model, self.relation, self.others(context))
        else:
            relations.add(rows, self.model, self.relation, self.others(context))


class Detach(_Relating):
    """Take related rows from rows; to undo attaching, those that they did not have before."""

    event = _l("{actor} detached {removed} from {subject}")
    done = _l("detached")

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_none: ColumnElement[bool] = self.number_of(context) == 0
        return has_none

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            relations.take_back(context, rows, self.model, self.relation, self.others(context))
        else:
            relations.remove(rows, self.model, self.relation, self.others(context))


def declare(model: type[Entity], name: str) -> None:
    """Declare the two actions for a relation of many to many, unless they are declared already.

    Raises LookupError with the cure if it is none.
    """
    if fault := _fault(model, name):
        raise LookupError(f"tabs: rows cannot be attached to {name!r}: {fault}.")
    if find(f"{area_of(model)}.{attach_name(name)}") is None:
        _declare(Attach, model, attach_name(name), detach_name(name), name)
        _declare(Detach, model, detach_name(name), attach_name(name), name)


def _fault(model: type[Entity], name: str) -> str:
    """Return why rows of the relation cannot be attached, with the cure; '' if they can."""
    is_many = fields.is_many(model, name)
    table = fields.relation(model, name).secondary if is_many else None
    if table is None:
        return "it is no relation of many to many. Leave out attach, and let people edit the rows"
    for each in (model, fields.related_model(model, name)):
        if not row_keys.is_numbered(each):
            return f"{each.nouns()} have no numbers. Leave out attach, and let people edit the rows"
    if set(table.c) != set(relations.columns(model, name)):
        return "its table has columns of its own. Map it as an entity, and show that in a tab"
    if records.is_checked(model):
        return "a function checks the whole form. Leave out attach, and let people edit the row"
    return ""


def attach_name(relation: str) -> str:
    return f"attach_{relation}"


def detach_name(relation: str) -> str:
    return f"detach_{relation}"


def _declare(
    base: type[_Relating], model: type[Entity], name: str, inverse: str, relation: str
) -> None:
    target = fields.related_model(model, relation)
    attributes = {
        "model": model,
        "name": name,
        "label": LazyString(_label, base, target),
        "title": _l("{label}: {chosen} ({rows})"),
        "permission": f"{area_of(model)}.edit",
        "relation": relation,
        "parameters": {relation: Choose(target, multiple=True)},
        "watches": (relation,),
        "undo_relations": (relation,),
        "inverse": inverse,
    }
    type(f"{base.__name__}{model.__name__}{target.__name__}", (base,), attributes)


def _label(base: type[_Relating], target: type[Entity]) -> str:
    if base is Attach:
        return _("Attach %(nouns)s", nouns=target.nouns())
    return _("Detach %(nouns)s", nouns=target.nouns())
