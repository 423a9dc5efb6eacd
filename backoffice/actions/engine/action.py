"""Declare actions: set operations on the rows of one model.

The preview, the run, the undo and every menu follow from one declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeVar, cast

from flask_babel import get_translations
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, false, literal, select, true, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models import keys
from backoffice.models.base import Entity, Record
from backoffice.models.bulk_run import BulkItem
from backoffice.policy import permissions
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, sees
from backoffice.text.numbers import formatted

Ids = Select[int]
T = TypeVar("T")
# How long the code of a rule may be: each refused row of a run has it stored.
RULE_LENGTH: int = BulkItem.__table__.c.rule.type.length  # type: ignore[attr-defined]  # a String


@dataclass(frozen=True)
class ActionContext:
    """Who asks for an action, on which rows and with which parameters.

    Rules decide by this and by what the database has.

    Attributes:
        selected: selects the ids of all rows asked for.
        undo_of: the id of the run that is being undone, if any.
        show_once: is called with a secret that the actor may see once, such as a password; it is
            stored nowhere.
    """

    actor: Actor
    selected: Ids
    parameters: Mapping[str, list[int]] = field(default_factory=dict)
    reason: str = ""
    undo_of: int | None = None
    now: datetime = field(default_factory=clock.now)
    show_once: Callable[[str], object] = field(default=lambda _secret: None)

    _once: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[["ActionContext"], T]) -> T:
        """Return what `compute` returns for this context; it is called only once.

        For what several rules need and a statement has to read.
        """
        if compute not in self._once:
            self._once[compute] = compute(self)
        return cast(T, self._once[compute])


@dataclass(frozen=True)
class Counted:
    """A text about one row and the same about several, such as "{n} person blocked."."""

    singular: str
    plural: str

    def text(self, number: int, **values: object) -> str:
        """Return the text about so many rows, translated; `values` are what it contains besides."""
        text: str = get_translations().ungettext(self.singular, self.plural, number)
        return text.format(n=formatted(number), **values)


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

    A subclass with a `name` and a `model` registers itself and appears in every menu. It declares
    what it is in the attributes below, and says in `apply` what it does.
    """

    # The entity whose rows it is for.
    model: ClassVar[type[Entity]]
    # With the area of the entity, it is the action's code: `block` of users is `users.block`.
    name: ClassVar[str] = ""
    # What menus and buttons call it.
    label: ClassVar[str] = ""
    # What it does to how many rows. A text may contain {label}, {rows} and, with parameters,
    # {chosen}; a Counted contains {n} instead of {label} and {rows}.
    title: ClassVar[str | Counted] = _l("{label} {rows}")
    # What a row is afterwards: "3 people blocked".
    done: ClassVar[str] = _l("changed")
    # That sentence as a whole, for languages in which the words depend on each other.
    result: ClassVar[Counted | None] = None
    # What the permission allows, if the action brings a new one; '' if `permission` exists already.
    meaning: ClassVar[str] = ""
    # The code of the permission that it needs; by default, its own code.
    permission: ClassVar[str] = ""
    # Whether it is marked as dangerous, as its new permission is.
    danger: ClassVar[bool] = False
    # Whether people have to say why.
    reason_required: ClassVar[bool] = False
    # Whether people have to type what they are about to do, and to how many rows.
    typed_confirmation: ClassVar[bool] = False
    # Whether it needs a recent password or code.
    sensitive: ClassVar[bool] = False
    # How many rows it takes at most; 0 means any number.
    most_rows: ClassVar[int] = 0
    # Whether menus offer it; if not, it only undoes another action.
    offered: ClassVar[bool] = True
    # Whether it raises the version of its rows.
    changes_rows: ClassVar[bool] = True
    # What has to be chosen before it runs.
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    # The attributes whose values before and after go into the events.
    watches: ClassVar[tuple[str, ...]] = ()
    # The many-to-many attributes whose ids an undo needs.
    undo_relations: ClassVar[tuple[str, ...]] = ()
    # The reasons to refuse a row; the first one that holds is given.
    rules: ClassVar[tuple[Rule, ...]] = ()
    # The side effects that the preview counts.
    effects: ClassVar[tuple[Effect, ...]] = ()
    # The name of the action that undoes this one; '' if it cannot be undone.
    inverse: ClassVar[str] = ""
    # Sentences about what an undo cannot bring back.
    irreversible: ClassVar[tuple[str, ...]] = ()
    # The names of the locks that a run takes before it locks or writes anything else.
    locks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        _check_rules(cls)
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

        One statement does both, because a row that is written twice costs twice as much. A model
        whose other columns follow from the changed ones says so in `raised_with`,
        as users do for `credential_version`.
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


def _check_rules(action: type[Action]) -> None:
    """Raise TypeError, which stops the start, if the code of a rule cannot be stored."""
    for rule in action.rules:
        if len(rule.code) > RULE_LENGTH:
            raise TypeError(
                f"{action.__name__}: the rule code {rule.code!r} has {len(rule.code)} characters, "
                f"but at most {RULE_LENGTH} can be stored: choose a shorter one."
            )


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
