"""Declare actions: set operations on the rows of one model.

The preview, the run, the undo and every menu follow from one declaration.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, update

from backoffice.actions.engine import restoring
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.options import check_options
from backoffice.actions.engine.parameters import Parameter, Stored, checked, chosen, declared, noted
from backoffice.actions.engine.rules import Counted, Effect, Rule, check_codes, check_event
from backoffice.data import constraints
from backoffice.models import keys
from backoffice.models.base import Entity, Record
from backoffice.models.row_keys import RowKey
from backoffice.places import DeclarationError, placed
from backoffice.policy import permissions
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can


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
    # That sentence as a whole, for languages in which the words depend on each other. With
    # parameters it may contain {chosen}.
    result: ClassVar[Counted | None] = None
    # What the events log says about each row, such as "{actor} blocked {subject}". A text may also
    # contain {added} and {removed}: the related rows that a row has since, or has no longer. A
    # Counted contains {n}: by how much the NUMBER that `details` returns has fallen.
    event: ClassVar[str | Counted] = ""
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
    # Whether it is about no rows, such as an import: the list offers it beside its title.
    is_global: ClassVar[bool] = False
    # Whether `apply` of an action about no rows writes its event, as about a row that it adds.
    notes_itself: ClassVar[bool] = False
    # Whether menus offer it; if not, it only undoes another action.
    offered: ClassVar[bool] = True
    # Whether it raises the version of its rows.
    changes_rows: ClassVar[bool] = True
    # What it asks for before it runs, by name.
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    # The attributes whose values before and after go into the events.
    watches: ClassVar[tuple[str, ...]] = ()
    # The columns whose values an undo gives back to each row. Such an action is its own inverse.
    restores: ClassVar[tuple[str, ...]] = ()
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
        with placed(cls):
            check_options(cls)
            check_event(cls.event, cls.__name__)
            cls._complete()

    @classmethod
    def _complete(cls) -> None:
        """Fill in what follows from the declaration. Raises DeclarationError if it is wrong."""
        if cls.restores and cls.undo_relations:
            raise DeclarationError(
                f"{cls.__name__}: an undo restores columns or relations, not both"
            )
        is_known = any(rule.code == restoring.GONE for rule in cls.rules)
        if cls.restores and not is_known:
            gone = restoring.rule_of(cls.model, cls.restores)
            cls.rules = (*cls.rules, gone) if gone else cls.rules
        check_codes(cls.rules, cls.__name__)
        cls.parameters = declared(cls.parameters, cls.__name__)
        if cls.name:
            _check_database(cls.model, cls.__name__)
            cls.permission = cls.permission or cls.code()
            if cls.meaning:
                permissions.add(cls.permission, cls.meaning, danger=cls.danger)
            _known[cls.code()] = cls()

    @classmethod
    def code(cls) -> str:
        """Return the name used by events, runs and the command line, such as `users.block`."""
        return f"{area_of(cls.model)}.{cls.name}"

    def checked(
        self, actor: Actor, given: Mapping[str, Sequence[object]], *, locked: bool = False
    ) -> Stored:
        """Return the parameters as a run stores them, after checking that the actor may give them.

        With `locked`, chosen rows stay as they are until the transaction ends.
        Raises RuleBroken with the parameter's name as its field.
        """
        stored = checked(actor, self.parameters, given, code=self.permission, locked=locked)
        self.require_readable(actor, stored)
        return stored

    def accepted(
        self, actor: Actor, given: Mapping[str, Sequence[object]], *, locked: bool = False
    ) -> Stored:
        """Return what `checked` does for a run that is no undo, which `check_gift` judges too."""
        stored = self.checked(actor, given, locked=locked)
        self.check_gift(actor, self.chosen(stored))
        return stored

    def check_gift(self, _actor: Actor, _parameters: Mapping[str, Any]) -> None:
        """Raise RuleBroken with a parameter's name as its field if this is not the actor's to give.

        An undo is not asked: what it brings back was given before, and rules judge it.
        """

    def chosen(self, stored: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Return the parameters of a run as `context.parameters` has them.

        Raises RuleBroken if one is no value any more.
        """
        return chosen(self.parameters, stored)

    def needs_confirmation(self, _parameters: Mapping[str, Any]) -> bool:
        """Tell whether a run with these `context.parameters` needs a recent password or code."""
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

    def follow(self, context: ActionContext, rows: Ids) -> None:
        """Change what follows from the change of `rows`, whether they were changed or restored."""

    def noted(self, stored: Stored) -> dict[str, object]:
        """Return what events keep of the parameters, beside the attributes that are watched."""
        return noted(self.parameters, stored)

    def asked(self, _actor: Actor) -> Mapping[str, Parameter]:
        """Return the parameters that the page asks the actor for."""
        return self.parameters

    def is_seen(self, actor: Actor) -> bool:
        """Tell whether the actor sees all that the action asks for."""
        return all(self.shows(actor, name) for name in self.parameters)

    def shows(self, actor: Actor, name: str) -> bool:
        """Tell whether the actor may know what was chosen for this parameter."""
        return self.parameters[name].is_seen(actor)

    def tells(self, _actor: Actor, _stored: Stored) -> bool:
        """Tell whether the actor may know what was chosen in a run with these parameters."""
        return True

    def require_readable(self, _actor: Actor, _stored: Stored) -> None:
        """Raise NotAllowed if the actor may not read what a run with these parameters changes.

        An undo that restores values asks this too.
        """

    def watched(self, _context: ActionContext) -> tuple[str, ...]:
        """Return those of `watches` that a run may change."""
        return self.watches

    def restored(self, _context: ActionContext) -> tuple[str, ...]:
        """Return those of `restores` that a run may change."""
        return self.restores

    def judges_each_row(self) -> bool:
        """Tell whether `refusals` has to be asked, which takes long for many rows."""
        return False

    def refusals(self, _context: ActionContext, _rows: Sequence[Entity]) -> dict[RowKey, str]:
        """Return sentences for those of the rows that are refused for what SQL cannot tell."""
        return {}

    def details(self, _rows: Ids) -> dict[RowKey, dict[str, object]]:
        """Return what events note of the rows, before and after, beside their attributes."""
        return {}

    def memories(self, _rows: Ids) -> dict[RowKey, dict[str, Any]]:
        """Return what an undo needs of the rows beside `restores` and `undo_relations`."""
        return {}

    def event_with(self, _after: Mapping[str, object]) -> str | Counted:
        """Return what the events log says about a row that has these watched values since.

        An undo that restores values makes rows something else than the action does.
        """
        return self.event

    def warnings(self, _context: ActionContext, _rows: Ids) -> list[str]:
        """Return sentences for the preview about what would follow from changing the rows."""
        return []

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
        if self.changes_rows and self.model.__counts_versions__:
            values.setdefault("version", self.model.version + 1)
        values = keys.with_keys(self.model, values)
        values |= self.model.raised_with(values)
        statement = update(self.model).where(self.model.id.in_(rows)).values(**values)
        constraints.carry_out(self.model, rows, statement)

    def sentence(self, rule_code: str, label: str) -> str:
        """Return the sentence that tells people why a row was refused; "" for an unknown rule."""
        for rule in self.rules:
            if rule.code == rule_code:
                return rule.sentence.format(label=label)
        return ""

    def titled(self, number: int, chosen: str = "…") -> str:
        """Return what the action does to so many rows, such as "Block 10 people"."""
        if self.is_global:
            return str(self.label)
        if isinstance(self.title, Counted):
            return self.title.text(number, chosen=chosen)
        return self.title.format(label=self.label, rows=self._rows(number), chosen=chosen)

    def resulted(self, number: int, chosen: str = "…") -> str:
        """Return what was done to so many rows, such as "10 people blocked."."""
        if self.result:
            return self.result.text(number, chosen=chosen)
        if self.is_global:
            return str(_("%(action)s: done.", action=self.label))
        return str(_("%(rows)s %(done)s.", rows=self._rows(number), done=self.done))

    def _rows(self, number: int) -> str:
        return self.model.counted(number)


def _check_database(model: type[Entity], owner: str) -> None:
    if model.__database__:
        raise DeclarationError(
            f"{owner}: no action works on rows of another database: leave it out, "
            "people edit them one by one"
        )


_known: dict[str, Action] = {}


def find(code: str) -> Action | None:
    """Return the action with this code, or None."""
    return _known.get(code)


def actions_of(
    model: type[Record], actor: Actor | None = None, *, is_global: bool = False
) -> list[Action]:
    """Return the actions offered on rows of `model`, in the order of their declaration.

    With `actor`, return only the actions that this actor may use; with `is_global`, those about no
    rows instead.
    """
    offered = [
        action
        for action in _known.values()
        if action.model is model and action.offered and action.is_global == is_global
    ]
    if actor is None:
        return offered
    return [action for action in offered if _may_use(actor, action)]


def _may_use(actor: Actor, action: Action) -> bool:
    # Actors who do not see the rows of a parameter cannot choose one of them.
    return can(actor, action.permission) and action.is_seen(actor)
