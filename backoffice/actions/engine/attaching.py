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
from backoffice.actions.engine.parameters import Choose
from backoffice.data import records
from backoffice.models import fields
from backoffice.models.base import Entity
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import may_read


class _Relating(Action):
    """What attaching and detaching have in common."""

    relation: ClassVar[str] = ""

    def is_seen(self, actor: Actor) -> bool:
        return super().is_seen(actor) and may_read(actor, self.model, self.relation)

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
        return records.is_checked(self.model) or records.is_reached(self.model)

    def refusals(self, context: ActionContext, rows: Sequence[Entity]) -> dict[int, str]:
        sentences = {}
        for row in rows:
            values = None if context.undo_of else {self.relation: self.wanted(context, row)}
            if sentence := records.refusal(actor=context.actor, row=row, values=values):
                sentences[row.id] = sentence
        return sentences

    def wanted(self, context: ActionContext, row: Entity) -> list[int]:
        """Return the ids of the related rows that the row would have."""
        raise NotImplementedError

    def present(self, row: Entity) -> set[int]:
        """Return the ids of the related rows that the row has."""
        return {other.id for other in getattr(row, self.relation)}

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            relations.restore(context, rows, self.model, self.relation)
        else:
            self.change(rows, self.others(context))

    def change(self, rows: Ids, others: Sequence[int]) -> None:
        """Attach or detach the chosen rows."""
        raise NotImplementedError


class Attach(_Relating):
    """Give rows further related rows."""

    done = _l("attached")

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_all: ColumnElement[bool] = self.number_of(context) == len(self.others(context))
        return has_all

    def wanted(self, context: ActionContext, row: Entity) -> list[int]:
        return sorted(self.present(row) | set(self.others(context)))

    def change(self, rows: Ids, others: Sequence[int]) -> None:
        relations.add(rows, self.model, self.relation, others)


class Detach(_Relating):
    """Take related rows from rows."""

    done = _l("detached")

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_none: ColumnElement[bool] = self.number_of(context) == 0
        return has_none

    def wanted(self, context: ActionContext, row: Entity) -> list[int]:
        return sorted(self.present(row) - set(self.others(context)))

    def change(self, rows: Ids, others: Sequence[int]) -> None:
        relations.remove(rows, self.model, self.relation, others)


def declare(model: type[Entity], name: str) -> None:
    """Declare the two actions for a relation of many to many, unless they are declared already.

    Raises LookupError with the cure if it is none.
    """
    if not fields.is_many(model, name) or fields.relation(model, name).secondary is None:
        raise LookupError(
            f"tabs: {name!r} is no relation of many to many, so nothing can be attached: "
            "leave out attach, and let people edit the rows"
        )
    if find(f"{area_of(model)}.{attach_name(name)}") is None:
        _declare(Attach, model, attach_name(name), detach_name(name), name)
        _declare(Detach, model, detach_name(name), attach_name(name), name)


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
