"""Declare what an action asks for before it runs, such as rows to choose.

A run stores each parameter as a list, of ids or of one written value (engine/values.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    and_,
    literal,
    select,
    true,
)

from backoffice import limits
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.field_conditions import Condition, is_met
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.models.fields import english_heading
from backoffice.models.row_keys import RowKey
from backoffice.places import DeclarationError
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named, scope, sees
from backoffice.text.numbers import formatted

TAKEN = ("reason", "confirm")  # the names of the fields that a preview has besides
Stored = dict[str, list[Any]]  # the parameters of a run, by their names


@dataclass(frozen=True, eq=False, kw_only=True)
class Parameter:
    """Something that an action asks for.

    Attributes:
        name: its name in forms, runs and commands; the action that declares it says it.
        label: what people call it; by default, its name in words.
        description: the help below its field.
        required: whether it may not be left empty; None leaves that to its column, or means yes.
        shown_when: with which other parameters it is asked for; by default, always.
        required_when: with which other parameters it may not be left empty, although not required.
    """

    name: str = ""
    label: str = ""
    description: str = ""
    required: bool | None = None
    shown_when: Condition = field(default_factory=dict)
    required_when: Condition = field(default_factory=dict)

    is_noted: ClassVar[bool] = False  # whether events keep what was given

    def declared_as(self, name: str) -> Self:
        """Return the parameter under the name that an action gives it."""
        label = self.label or _l(english_heading(name))
        required = False if self.required is None and self.required_when else self.required
        return replace(self, name=name, label=label, required=required)

    def parse(self, given: Sequence[object]) -> Any:
        """Return the value that was given, as text or as a run stores it.

        Raises RuleBroken with the name as its field if it is none.
        """
        raise NotImplementedError

    def stored(self, value: Any) -> list[Any]:
        """Return the value as a run stores it, so that `parse` returns it again."""
        raise NotImplementedError

    def check(self, actor: Actor, value: Any, *, code: str, locked: bool) -> None:
        """Raise RuleBroken if the actor may not give this value.

        `code` is the permission that is exceeded then. With `locked`, what was chosen stays as it
        is until the transaction ends.
        """

    def existing(self, stored: list[Any]) -> list[Any]:
        """Return what a run stored, without rows that exist no more."""
        return stored

    def told(self, actor: Actor, stored: list[Any]) -> list[str]:
        """Return what was chosen, as people read it."""
        raise NotImplementedError

    def in_title(self, actor: Actor, stored: list[Any]) -> list[str]:
        """Return what was chosen as it stands within the title of the run."""
        return self.told(actor, stored)

    def noted(self, stored: list[Any]) -> object:
        """Return what was given as events keep it."""
        return stored[0]

    def is_seen(self, _actor: Actor) -> bool:
        """Tell whether the actor may know what was chosen, and may choose it."""
        return True

    def asked_for(self) -> str:
        """Return the sentence for people who left it empty."""
        return _("Fill this in.")


@dataclass(frozen=True, eq=False)
class Choose(Parameter):
    """Rows of a model.

    Attributes:
        model: the model.
        where: the SQL condition for rows that may be chosen, or a function of the context that
            returns it.
        held_by: returns the SQL condition for rows that some of the action's rows have, as people
            have groups: only these are offered, and first the one on whose page one was.
        multiple: whether several may be chosen.
        refusal: the sentence for a chosen row that does not meet the condition.
        prompt: the sentence if none is chosen; without it, the label is part of a sentence.
    """

    model: type[Record]
    where: ColumnElement[bool] | Callable[[ActionContext], ColumnElement[bool]] | None = None
    held_by: Callable[[Ids], ColumnElement[bool]] | None = field(default=None, kw_only=True)
    multiple: bool = field(default=False, kw_only=True)
    refusal: str = field(default=_l("You cannot assign this one."), kw_only=True)
    prompt: str = field(default="", kw_only=True)

    def offered(self, actor: Actor) -> ColumnElement[bool]:
        """Return the SQL condition for the rows that this actor may choose."""
        if callable(self.where) and not isinstance(self.where, ColumnElement):
            return self.where(ActionContext(actor, select(literal(0))))
        return true() if self.where is None else self.where

    def parse(self, given: Sequence[object]) -> list[RowKey]:
        texts = [str(value) for value in given if str(value)]
        ids: set[RowKey] = set()
        for text in texts:
            key = row_keys.parse(self.model, text)
            if key is None:
                noun = self.model.noun()
                sentence = _("There is no %(noun)s “%(text)s”.", noun=noun, text=text[:40])
                raise RuleBroken(sentence, field=self.name)
            ids.add(key)
        if len(ids) > limits.RELATED:
            most = formatted(limits.RELATED)
            raise RuleBroken(_("Choose at most %(most)s.", most=most), field=self.name)
        if len(ids) > 1 and not self.multiple:
            raise RuleBroken(self.asked_for(), field=self.name)
        return row_keys.in_order(ids)

    def stored(self, value: list[RowKey]) -> list[RowKey]:
        return value

    def check(self, actor: Actor, value: list[RowKey], *, code: str, locked: bool) -> None:
        if locked:
            self._lock(value)
        model = self.model
        visible = and_(model.id.in_(value), scope(actor, model))
        rows = db.session.execute(select(model.id, self.offered(actor)).where(visible)).all()
        offered = dict(rows)
        for row_id in value:
            if row_id not in offered:
                noun = model.noun()
                text = _(
                    "There is no %(noun)s with the number %(number)s.",
                    noun=noun,
                    number=row_keys.shown(row_id),
                )
                raise RuleBroken(text, field=self.name)
        if not all(offered.values()):
            raise GrantExceeded(str(self.refusal), field=self.name, code=code)

    def _lock(self, ids: list[RowKey]) -> None:
        chosen = select(self.model.id).where(self.model.id.in_(ids)).order_by(self.model.id)
        # FOR SHARE: others may choose the same rows, but not change or delete them.
        db.session.execute(chosen.with_for_update(read=True))

    def existing(self, stored: list[RowKey]) -> list[RowKey]:
        statement = select(self.model.id).where(self.model.id.in_(stored))
        return list(db.session.scalars(statement.order_by(self.model.id)))

    def told(self, actor: Actor, stored: list[RowKey]) -> list[str]:
        names = select(named(actor, self.model)).where(self.model.id.in_(stored))
        return list(db.session.scalars(names.order_by(self.model.id)))

    def is_seen(self, actor: Actor) -> bool:
        return sees(actor, self.model)

    def asked_for(self) -> str:
        return str(self.prompt or _("Choose %(what)s.", what=self.label.lower()))


def declared(parameters: Mapping[str, Parameter], owner: str) -> dict[str, Parameter]:
    """Return the parameters of an action under their names.

    Raises DeclarationError, which stops the start, for a name that a preview has already, and for a
    condition on what is not asked for before.
    """
    before: set[str] = set()
    for name, parameter in parameters.items():
        if name in TAKEN:
            raise DeclarationError(
                f"{owner}: no parameter can be called {name!r}, as a preview's own is"
            )
        for other in (*parameter.shown_when, *parameter.required_when):
            if other not in before:
                raise DeclarationError(
                    f"{owner}: {name!r} depends on {other!r}, which is not before it"
                )
        before.add(name)
    return {name: parameter.declared_as(name) for name, parameter in parameters.items()}


def checked(
    actor: Actor,
    declared: Mapping[str, Parameter],
    given: Mapping[str, Sequence[object]],
    *,
    code: str,
    locked: bool = False,
) -> Stored:
    """Return the parameters as a run stores them, after checking what the actor gave for each.

    Those that are not asked for are left out. With `locked`, chosen rows stay as they are until the
    transaction ends. Raises RuleBroken with the parameter's name as its field.
    """
    stored: Stored = {}
    for name, parameter in declared.items():
        if not is_met(parameter.shown_when, stored):
            continue
        value = parameter.parse(given.get(name, ()))
        if _is_empty(value) and is_required(parameter, stored):
            raise RuleBroken(parameter.asked_for(), field=name)
        parameter.check(actor, value, code=code, locked=locked)
        stored[name] = parameter.stored(value)
    return stored


def _is_empty(value: object) -> bool:
    return value in (None, [], "")


def is_required(parameter: Parameter, stored: Mapping[str, Sequence[object]]) -> bool:
    """Tell whether the parameter may not be left empty, with these other parameters."""
    if parameter.required_when and is_met(parameter.required_when, stored):
        return True
    return parameter.required is not False


def noted(declared: Mapping[str, Parameter], stored: Stored) -> dict[str, object]:
    """Return the values that were given, as events keep them.

    Chosen rows are not among them: what became of these is in the attributes that actions watch.
    """
    return {
        name: declared[name].noted(given)
        for name, given in stored.items()
        if given and name in declared and declared[name].is_noted
    }


def chosen(declared: Mapping[str, Parameter], stored: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return what a run stores as actions read it.

    Raises RuleBroken if a stored value is none any more.
    """
    return {name: declared[name].parse(given) for name, given in stored.items() if name in declared}
