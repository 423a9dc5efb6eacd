"""Declare actions: set operations on the rows of one model.

The preview, the run, the undo and every menu follow from one declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from flask_babel import get_translations
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, false, literal, select, true, update

from backoffice import clock
from backoffice.extensions import db, is_writing
from backoffice.models import keys
from backoffice.models.base import Entity, Record
from backoffice.policy import permissions
from backoffice.policy.actor import Actor
from backoffice.policy.grants import grantable_group_ids
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, sees
from backoffice.text.numbers import written

Ids = Select[int]


@dataclass(frozen=True)
class ActionContext:
    """Who asks for an action, on which rows and with which parameters.

    Rules look at nothing else. `selected` selects the ids of all rows asked for. `undo_of` is the
    id of the run that is being undone, if any. `reveal` is called with a secret that may be shown
    once and is stored nowhere.
    """

    actor: Actor
    selected: Ids
    parameters: Mapping[str, list[int]] = field(default_factory=dict)
    reason: str = ""
    undo_of: int | None = None
    now: datetime = field(default_factory=clock.now)
    reveal: Callable[[str], object] = field(default=lambda _secret: None)

    @cached_property
    def grantable(self) -> frozenset[int]:
        """The ids of the groups that the actor may give and take."""
        return grantable_group_ids(db.session(), self.actor, locked=is_writing())


@dataclass(frozen=True)
class Counted:
    """A text about one row and the same about several, such as "{n} person blocked."."""

    singular: str
    plural: str

    def text(self, number: int, **values: object) -> str:
        """Return the text about so many rows, translated; `values` are what it contains besides."""
        text: str = get_translations().ungettext(self.singular, self.plural, number)
        return text.format(n=written(number), **values)


@dataclass(frozen=True)
class Rule:
    """A reason to refuse a row: a condition in SQL and the sentence that people read.

    The sentence may contain {label}, the row's name. `of_choice` marks a rule that depends on the
    parameters: it is skipped until they are chosen.
    """

    code: str
    # Not compared: what it says depends on the language.
    sentence: str = field(compare=False)
    refuses: Callable[[ActionContext], ColumnElement[bool]]
    of_choice: bool = False


@dataclass(frozen=True)
class Effect(Counted):
    """A side effect that the preview counts, such as "Ends 14 sessions."."""

    count: Callable[[Ids], Select[int]]


@dataclass(frozen=True)
class Parameter:
    """A choice that an action needs: rows of `model` that meet the condition `allowed`.

    `refusal` is the sentence for a chosen row that does not meet it, `prompt` the one if none is
    chosen; without it, the label is part of a sentence.
    """

    name: str
    label: str
    model: type[Record]
    multiple: bool = False
    allowed: Callable[[ActionContext], ColumnElement[bool]] = lambda _context: true()
    refusal: str = _l("You may not give this one.")
    prompt: str = ""

    def offered(self, actor: Actor) -> ColumnElement[bool]:
        """Return the SQL condition for the rows that this actor may choose."""
        return self.allowed(ActionContext(actor, select(literal(0))))

    def asked_for(self) -> str:
        """Return the sentence for people who chose nothing."""
        return str(self.prompt or _("Choose %(what)s.", what=self.label.lower()))


class Action:
    """One thing that people may do to rows.

    A subclass with a `name` and a `model` registers itself and appears in every menu.

    - `title` may contain {label}, {rows} and, with parameters, {chosen}. As Counted, it may contain
      {n} instead of {label} and {rows}.
    - `done` says what a row is afterwards: "3 people blocked".
    - `result` is that sentence as a whole, for languages in which the words depend on each other.
    - `meaning` describes a new permission; without it, `permission` exists already.
    - `sensitive` actions ask for a recent password or code.
    - `most_rows` limits the size of a selection; 0 means no limit.
    - `changes_rows` says whether the action raises the version of its rows.
    - `watches` are the attributes whose values before and after go into the events.
    - `undo_relations` are the many-to-many attributes whose ids an undo needs.
    - `inverse` names the action that undoes this one.
    - `irreversible` says what an undo cannot bring back.
    - `locks` are taken before the run locks or writes anything.
    """

    model: ClassVar[type[Entity]]
    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    title: ClassVar[str | Counted] = _l("{label} {rows}")
    done: ClassVar[str] = _l("changed")
    result: ClassVar[Counted | None] = None
    meaning: ClassVar[str] = ""
    permission: ClassVar[str] = ""
    danger: ClassVar[bool] = False
    reason_required: ClassVar[bool] = False
    typed_confirmation: ClassVar[bool] = False
    sensitive: ClassVar[bool] = False
    most_rows: ClassVar[int] = 0
    offered: ClassVar[bool] = True
    changes_rows: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    watches: ClassVar[tuple[str, ...]] = ()
    undo_relations: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[tuple[Rule, ...]] = ()
    effects: ClassVar[tuple[Effect, ...]] = ()
    inverse: ClassVar[str] = ""
    irreversible: ClassVar[tuple[str, ...]] = ()
    locks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            cls.permission = cls.permission or cls.code()
            if cls.meaning:
                permissions.add(cls.permission, cls.meaning, danger=cls.danger)
            _known[cls.code()] = cls()

    @classmethod
    def code(cls) -> str:
        """Return the name used by events, runs and the command line, such as `users.block`."""
        return f"{area_of(cls.model)}.{cls.name}"

    def needs_confirmation(self, _parameters: Mapping[str, list[int]]) -> bool:
        """Tell whether the run needs a recent password or code."""
        return self.sensitive

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        """Return the SQL condition for rows that the action would not change."""
        return false()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        """Change `rows`, with statements over the whole set.

        The engine raises the version of rows that still have the old one. Use `update`, which
        raises it in the same statement.
        """
        raise NotImplementedError

    def preview_notes(self, _context: ActionContext) -> list[str]:
        """Return sentences for the preview of an undo about what it cannot bring back.

        Rows that rules refuse are not part of it.
        """
        return []

    def ensure(self, context: ActionContext) -> None:
        """Raise RuleBroken if the data as a whole is invalid after the run.

        The transaction is rolled back then.
        """

    def update(self, rows: Ids, **values: object) -> None:
        """Set the same values on all `rows` and raise their version.

        One statement does both, because a row that is written twice costs twice as much.
        """
        if self.changes_rows:
            values.setdefault("version", self.model.version + 1)
        values = keys.with_keys(self.model, values)
        values |= self.model.raised_with(values)
        statement = update(self.model).where(self.model.id.in_(rows)).values(**values)
        db.session.execute(statement, execution_options={"synchronize_session": False})

    def sentence(self, rule_code: str, label: str) -> str:
        """Return the sentence that tells people why a row was refused; "" for an unknown rule."""
        for rule in self.rules:
            if rule.code == rule_code:
                return rule.sentence.format(label=label)
        return ""

    def titled(self, number: int, chosen: str = "…") -> str:
        """Return what the action does to so many rows, such as "Block 10 people"."""
        if isinstance(self.title, Counted):
            return self.title.text(number, chosen=chosen)
        return self.title.format(label=self.label, rows=self._rows(number), chosen=chosen)

    def resulted(self, number: int) -> str:
        """Return what was done to so many rows, such as "10 people blocked."."""
        if self.result:
            return self.result.text(number)
        return str(_("%(rows)s %(done)s.", rows=self._rows(number), done=self.done))

    def _rows(self, number: int) -> str:
        return self.model.counted(number)


_known: dict[str, Action] = {}


def find(code: str) -> Action | None:
    """Return the action with this code, or None."""
    return _known.get(code)


def actions_of(model: type[Record], actor: Actor | None = None) -> list[Action]:
    """Return the actions offered on rows of `model`, in the order of their declaration.

    With `actor`, return only the actions that this actor may use.
    """
    offered = [action for action in _known.values() if action.model is model and action.offered]
    if actor is None:
        return offered
    return [action for action in offered if _may_use(actor, action)]


def _may_use(actor: Actor, action: Action) -> bool:
    # Actors who do not see the rows of a parameter cannot choose one of them.
    sees_choices = all(sees(actor, parameter.model) for parameter in action.parameters)
    return can(actor, action.permission) and sees_choices
