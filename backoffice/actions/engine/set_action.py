"""SetAction: set columns of many rows at once, with the undo that follows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    String,
    and_,
    cast,
    false,
    inspect,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.appending import Append, Appended
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.judgement import forget
from backoffice.actions.engine.parameters import Choose, Parameter, Stored
from backoffice.actions.engine.rules import Rule
from backoffice.actions.engine.values import OneOf, Value
from backoffice.data import records, search_keys
from backoffice.data.comparable import may_filter
from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.models import fields, row_keys
from backoffice.models.base import Entity
from backoffice.models.row_keys import RowKey
from backoffice.models.types import TableColumn
from backoffice.places import DeclarationError, placed
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of, verbs_of
from backoffice.policy.rules import may_read

BATCH = 1000  # rows
# What every entity sets by itself.
OWN_COLUMNS = ("id", "created_at", "updated_at")
# What the choice of a field may be called: the first that is no field itself.
SELECTORS = ("field", "changed_field", "field_to_change")


class SetAction(Action):
    """An action that sets columns, or single relations, of its rows to the same values.

    Whoever may edit the entity may use it, unless it has a permission of its own. What is checked
    when a row is edited is checked for each row.
    """

    # What is set: a value, or the parameter that asks for one.
    sets: ClassVar[Mapping[Any, object]] = {}
    done: ClassVar[str] = _l("set")

    # What follows from `sets`: the values, by attribute, that nobody has to be asked for.
    constants: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        if "sets" in vars(cls):
            with placed(cls):
                _complete(cls)
        super().__init_subclass__(**kwargs)

    def values(self, context: ActionContext) -> dict[str, Any]:
        """Return what is set, by attribute: related rows by their ids, added texts as Appended."""
        asked = [name for name in self._names(context.parameters) if name not in self.constants]
        chosen = {name: _given(self.parameters[name], context.parameters[name]) for name in asked}
        return dict(self.constants) | chosen

    def require_readable(self, actor: Actor, stored: Stored) -> None:
        for name in self._names(stored):
            records.require_readable(actor, self.model, name)
            # Which rows would not change would tell what they have.
            if masking.is_masked(actor, self.model, name):
                raise NotAllowed(_("You see this masked, so you cannot set it."))

    def noted(self, _stored: Stored) -> dict[str, object]:
        return {}  # what is set is watched

    def is_seen(self, actor: Actor) -> bool:
        settable = (may_filter(actor, self.model, name) for name in self.watches)
        return super().is_seen(actor) and all(settable)

    def shows(self, actor: Actor, name: str) -> bool:
        is_readable = name not in self.watches or may_read(actor, self.model, name)
        return super().shows(actor, name) and is_readable

    def watched(self, context: ActionContext) -> tuple[str, ...]:
        names = self._names(context.parameters)
        return tuple(dict.fromkeys((*names, *self._completed())))

    def restored(self, context: ActionContext) -> tuple[str, ...]:
        names = self._names(context.parameters)
        columns = (_column_name(self.model, name) for name in names)
        return tuple(dict.fromkeys((*columns, *self._completed())))

    def _completed(self) -> tuple[str, ...]:
        """Return the columns that a check may complete, which are all that people see."""
        if not records.is_checked(self.model):
            return ()
        return tuple(name for name in fields.visible(self.model) if name not in OWN_COLUMNS)

    def _names(self, _parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is set with these parameters."""
        return self.watches

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        values = _by_column(self.model, self.values(context))
        columns = {name: fields.attribute(self.model, name) for name in values}
        return and_(*(is_same(column, values[name]) for name, column in columns.items()))

    def apply(self, context: ActionContext, rows: Ids) -> None:
        values = self.values(context)
        if records.is_checked(self.model) or _differ(values):
            for batch in _loaded(self.model, rows):
                for row in batch:
                    records.write(actor=context.actor, row=row, values=_of_row(row, values))
        else:
            self.update(rows, **_by_column(self.model, values))
            search_keys.remake(self.model, rows, values)

    def judges_each_row(self) -> bool:
        return records.is_checked(self.model) or records.is_reached(self.model)

    def refusals(self, context: ActionContext, rows: Sequence[Entity]) -> dict[RowKey, str]:
        # An undo writes what was there before: it is asked only whose rows these are.
        values = None if context.undo_of else self.values(context)
        sentences = {
            row.id: records.refusal(
                actor=context.actor, row=row, values=values and _of_row(row, values)
            )
            for row in rows
        }
        return {row_id: sentence for row_id, sentence in sentences.items() if sentence}


class ChangeField(SetAction):
    """Set one of several columns; a screen declares it as `bulk_fields`."""

    label = _l("Change a field")
    event = _l("{actor} changed {subject}")
    done = _l("changed")
    selector: ClassVar[str] = SELECTORS[0]  # the parameter that says which column

    def asked(self, actor: Actor) -> Mapping[str, Parameter]:
        settable = tuple(name for name in self.watches if may_filter(actor, self.model, name))
        which = self.parameters[self.selector]
        assert isinstance(which, OneOf)
        offered = replace(which, choices=settable, column=None).declared_as(self.selector)
        return {self.selector: offered, **{name: self.parameters[name] for name in settable}}

    def is_seen(self, actor: Actor) -> bool:
        return any(may_filter(actor, self.model, name) for name in self.watches)

    def tells(self, actor: Actor, stored: Stored) -> bool:
        return all(may_read(actor, self.model, name) for name in self._names(stored))

    def _names(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        # The other parameters are not asked for.
        return tuple(name for name in self.watches if name in parameters)


def declare_change_field(
    model: type[Entity], names: Sequence[str], labels: Mapping[str, str]
) -> type[ChangeField]:
    """Declare the action that sets one of the named columns of `model`."""
    selector = next(name for name in SELECTORS if name not in names)
    field = OneOf(choices=names, words=labels, label=_l("Field"))
    sets = {
        getattr(model, name): _parameter_of(model, name, labels[name], {selector: name})
        for name in names
    }
    attributes = {
        "model": model,
        "name": "change_field",
        "selector": selector,
        "parameters": {selector: field},
        "sets": sets,
    }
    return type(f"Change{model.__name__}", (ChangeField,), attributes)


def _parameter_of(
    model: type[Entity], name: str, label: str, condition: Mapping[str, str]
) -> Parameter:
    if fields.is_one(model, name):
        return Choose(fields.related_model(model, name), label=label, shown_when=condition)
    return Value(label=label, shown_when=condition)


def _complete(cls: type[SetAction]) -> None:
    """Fill in what follows from `sets`. Raises DeclarationError if a column cannot be set."""
    model = cls.model
    given = {_name(model, attribute): value for attribute, value in cls.sets.items()}
    own = vars(cls)
    cls.name = own.get("name") or _in_words(cls.__name__)
    cls.parameters = dict(own.get("parameters", {})) | dict(_asked(model, given))
    cls.constants = dict(_constant(model, given))
    cls.watches = tuple(given)
    cls.restores = tuple(_column_name(model, name) for name in given)
    cls.rules = (*cls.rules, *_rules(model, given))
    if cls.parameters and "title" not in own:
        cls.title = _l("{label}: {chosen} ({rows})")
    _permit(cls)


def _in_words(name: str) -> str:
    """Return `set_weight` for `SetWeight`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _rules(model: type[Entity], given: Mapping[str, Any]) -> Iterator[Rule]:
    """Yield the rules that follow from what is set."""
    for name, value in given.items():
        if isinstance(value, Append):
            yield value.rule(model, name)


def _permit(cls: type[SetAction]) -> None:
    """Let whoever may edit the entity use the action, unless it says something else."""
    if cls.permission or cls.meaning:
        return
    if "edit" not in verbs_of(cls.model):
        raise DeclarationError(
            f"{cls.__name__}: nobody may edit {cls.model.__plural__}: "
            "say which permission it needs, permission = ... or meaning = ..."
        )
    cls.permission = f"{area_of(cls.model)}.edit"


def _name(model: type[Entity], attribute: object) -> str:
    """Return the name of an attribute that can be set on many rows at once."""
    name: str = getattr(attribute, "key", "")
    if getattr(model, name, None) is not attribute:
        raise DeclarationError(
            f"sets: {attribute!s} is no column of {model.__name__}: "
            f"write one as {model.__name__}.{model.__label__}"
        )
    kind = fields.kind(model, name)
    if kind is None or not kind.editable or fields.is_many(model, name):
        raise DeclarationError(f"sets: {attribute} cannot be set, as forms cannot either")
    if name in fields.key_attributes(model):
        raise DeclarationError(
            f"sets: {attribute} tells rows apart, so no two rows can have the same"
        )
    if fields.is_unique(model, name):
        raise DeclarationError(f"sets: {attribute} is unique, so no two rows can have the same")
    return name


def _constant(model: type[Entity], given: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the values that nobody is asked for, as the columns store them."""
    for name, value in given.items():
        if isinstance(value, Parameter):
            continue
        kind = fields.kind(model, name)
        assert kind is not None
        try:
            yield name, value if value is None else kind.clean(fields.column(model, name), value)
        except ValueError as error:
            raise DeclarationError(f"sets: {model.__name__}.{name}: {error}") from None


def _asked(model: type[Entity], given: Mapping[str, Any]) -> Iterator[tuple[str, Parameter]]:
    for name, value in given.items():
        if isinstance(value, Parameter):
            yield name, _bound(model, name, value)


def _bound(model: type[Entity], name: str, parameter: Parameter) -> Parameter:
    """Return the parameter with what its column says."""
    column = fields.column(model, _column_name(model, name))
    if isinstance(parameter, Value):
        return replace(parameter, column=column)
    if parameter.required is None:
        return replace(parameter, required=not column.nullable)
    return parameter


def is_same(column: InstrumentedAttribute[object], value: object) -> ColumnElement[bool]:
    """SQL: whether a column has this value, which may be none."""
    if isinstance(value, Appended):
        return false()
    if isinstance(column.type, JSON):  # PostgreSQL compares no json, only its text
        wanted = cast(literal(value, column.type), String)
        return cast(column, String).is_not_distinct_from(wanted)
    return column.is_not_distinct_from(value)


def _given(parameter: Parameter, value: Any) -> Any:
    """Return what a parameter says is set: of a row that was chosen, its id."""
    if isinstance(parameter, Choose):
        return value[0] if value else None
    return Appended(value, parameter.separator) if isinstance(parameter, Append) else value


def _differ(values: Mapping[str, Any]) -> bool:
    """Tell whether each row gets a value of its own."""
    return any(isinstance(value, Appended) for value in values.values())


def _of_row(row: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set on one row."""
    return {
        name: value.to(getattr(row, name)) if isinstance(value, Appended) else value
        for name, value in values.items()
    }


def _column_name(model: type[Entity], name: str) -> str:
    """Return the attribute with the column behind a single relation, or `name` itself."""
    if not fields.is_one(model, name):
        return name
    key = _own_key(model, name)
    return inspect(model).get_property_by_column(key).key


def _own_key(model: type[Entity], name: str) -> TableColumn:
    """Return the foreign key behind a single relation, which may be one column alone."""
    there = fields.relation(model, name)
    if (
        there.remote_side != set(row_keys.columns(there.mapper.class_))
        or len(there.remote_side) > 1
    ):
        raise DeclarationError(f"sets: {model.__name__}.{name} refers to no key of a single column")
    (key,) = there.local_columns
    assert isinstance(key, Column)
    return key


def _by_column(model: type[Entity], values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _column_name(model, name): _reference(model, name, value) for name, value in values.items()
    }


def _reference(model: type[Entity], name: str, value: Any) -> Any:
    """Return what a foreign key stores for a related row's id; any other value is itself."""
    if value is None or not fields.is_one(model, name):
        return value
    (stored,) = row_keys.identity(fields.related_model(model, name), value).values()
    return stored


def _loaded(model: type[Entity], rows: Ids) -> Iterator[Sequence[Entity]]:
    """Yield the rows in parts, and forget each part afterwards."""
    ids = db.session.scalars(rows).all()
    for start in range(0, len(ids), BATCH):
        part = db.session.scalars(select(model).where(model.id.in_(ids[start : start + BATCH])))
        batch = part.all()
        yield batch
        db.session.flush()
        forget(batch)
