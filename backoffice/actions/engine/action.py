"""What an action is: a set operation declared once, from which preview, run, undo and every menu follow."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

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

Ids = Select[int]


@dataclass(frozen=True)
class ActionContext:
    """Who asks for an action, on which rows, with which parameters: all that a rule may look at.

    `selected` selects the ids of every row asked for; `undo_of` is the run that is being undone, if any; `reveal`
    takes what may be shown this once and is kept nowhere.
    """

    actor: Actor
    selected: Ids
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    undo_of: int | None = None
    now: datetime = field(default_factory=clock.now)
    reveal: Callable[[str], object] = field(default=lambda _secret: None)

    @cached_property
    def grantable(self) -> frozenset[int]:
        """The groups that the actor may give and take."""
        return grantable_group_ids(db.session(), self.actor, held=is_writing())


@dataclass(frozen=True)
class Rule:
    """One reason to refuse a row: a condition in SQL, and the sentence that people read.

    The sentence may hold {label}, the row's name. `of_choice` says that the rule looks at what was chosen, so that
    nothing can be said before.
    """

    code: str
    sentence: str
    refuses: Callable[[ActionContext], ColumnElement[bool]]
    of_choice: bool = False


@dataclass(frozen=True)
class Effect:
    """Something that happens besides, counted for the preview: "Ends 14 sessions."."""

    singular: str
    plural: str
    count: Callable[[Ids], Select[int]]


@dataclass(frozen=True)
class Parameter:
    """What has to be chosen before an action makes sense: rows of `model`, those that `allowed` lets through."""

    name: str
    label: str
    model: type[Record]
    multiple: bool = False
    allowed: Callable[[ActionContext], ColumnElement[bool]] = lambda _context: true()
    refusal: str = "You may not give this one."

    def offered(self, actor: Actor) -> ColumnElement[bool]:
        """In SQL: the rows that this actor may choose."""
        return self.allowed(ActionContext(actor, select(literal(0))))


class Action:
    """One thing that people may do to rows. Subclass it, name the model, and it is everywhere it has to be.

    `title` is made of {label}, {rows} and, with parameters, {chosen}; `done` says what a row is afterwards.
    `watches` are the attributes whose values before and after the events keep; `remembers` are those many-to-many
    ones whose ids an undo needs.
    `sensitive` ones ask for a recent password or code; `most_rows` limits a selection, unless it is 0.
    `inverse` names the action that undoes this one; `lasting` says what that cannot bring back.
    """

    model: ClassVar[type[Entity]]
    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    title: ClassVar[str] = "{label} {rows}"
    done: ClassVar[str] = "changed"
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
    remembers: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[tuple[Rule, ...]] = ()
    effects: ClassVar[tuple[Effect, ...]] = ()
    inverse: ClassVar[str] = ""
    lasting: ClassVar[tuple[str, ...]] = ()
    locks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            cls.permission = cls.permission or cls.code()
            if cls.meaning:
                permissions.add(cls.permission, cls.meaning, danger=cls.danger)
            _known[cls.code()] = cls()

    @classmethod
    def code(cls) -> str:
        """How events, runs and the command line call it: `users.block`."""
        return f"{area_of(cls.model)}.{cls.name}"

    def needs_confirmation(self, _parameters: Mapping[str, Any]) -> bool:
        """Whether a recent password or code is asked for."""
        return self.sensitive

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        """In SQL: the action would change nothing about the row."""
        return false()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        """Do it to `rows`, in statements over the whole set. The version is raised for you, best by `update`."""
        raise NotImplementedError

    def foretell(self, _context: ActionContext) -> list[str]:
        """What an undo cannot bring back, said beforehand, besides the rows that rules refuse."""
        return []

    def ensure(self, context: ActionContext) -> None:
        """Raise RuleBroken if, after the run, the whole is not as it must be; everything is taken back then."""

    def update(self, rows: Ids, **values: Any) -> None:
        """Set the same values on all `rows`, and raise their version with them: a row written twice costs twice."""
        if self.changes_rows:
            values.setdefault("version", self.model.version + 1)
        values = keys.with_keys(self.model, values)
        values |= self.model.raised_with(values)
        statement = update(self.model).where(self.model.id.in_(rows)).values(**values)
        db.session.execute(statement, execution_options={"synchronize_session": False})

    def sentence(self, rule_code: str, label: str) -> str:
        """Why a row was refused, for people."""
        rule = next((rule for rule in self.rules if rule.code == rule_code), None)
        return rule.sentence.format(label=label) if rule else ""


_known: dict[str, Action] = {}


def find(code: str) -> Action | None:
    """The action with that code."""
    return _known.get(code)


def actions_of(model: type[Record], actor: Actor | None = None) -> list[Action]:
    """The actions offered on rows of `model`, in the order of their declaration; only those `actor` may use.

    Whoever does not see what has to be chosen cannot choose.
    """
    offered: Iterable[Action] = (a for a in _known.values() if a.model is model and a.offered)
    if actor is None:
        return list(offered)
    return [
        a
        for a in offered
        if can(actor, a.permission) and all(sees(actor, p.model) for p in a.parameters)
    ]
