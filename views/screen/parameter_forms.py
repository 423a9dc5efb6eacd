"""The form of what an action asks for: a field for each parameter, by its kind."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Field

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.parameters import Choose, Parameter, Stored, is_met, is_required
from backoffice.actions.engine.values import Value
from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.policy.actor import Actor
from backoffice.text import LONGEST, without_invisible
from forms.base import Form
from forms.fields import PickField
from forms.kinds import FieldSpec, field

PREFIX = "with."  # before the names of parameters: none can clash with another field of the form
MOST_OPTIONS = 200
MOST_CHOSEN = 1000  # of what was chosen and refused, to show it again
LONGEST_NUMBER = 20  # characters of a row's number
UNSEEN = "?"  # in place of a value that nobody can see
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # characters, by PostgreSQL
STILL_WRONG = "\1"  # in their place: fields refuse it as well


class ParameterForm(Form):
    """The parameters of an action; those that are not asked for are neither checked nor chosen."""

    declared: ClassVar[Mapping[str, Parameter]] = {}

    def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
        """Validate what is asked for, with the other parameters as they are."""
        asked_for = dict(self._asked_for())
        with self.only(asked_for):
            is_valid = super().validate(extra_validators)
        return self._validate_required(asked_for) and is_valid

    def given(self) -> Stored:
        """Return what was chosen, as a run stores it."""
        return dict(self._asked_for())

    def _asked_for(self) -> Iterator[tuple[str, list[Any]]]:
        stored: Stored = {}
        for name, parameter in self.declared.items():
            if is_met(parameter.shown_when, stored):
                stored[name] = _stored(parameter, self[name])
                yield name, stored[name]

    def _validate_required(self, given: Stored) -> bool:
        """Refuse empty fields that only the other parameters make required."""
        is_valid = True
        for name, value in given.items():
            parameter = self.declared[name]
            shown = self[name]
            if not any(value) and not shown.errors and is_required(parameter, given):
                shown.errors = [parameter.asked_for()]
                is_valid = False
        return is_valid

    @property
    def shown_when(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        return {
            self[name].name: {self[other].name: _texts(wanted) for other, wanted in conditions}
            for name, parameter in self.declared.items()
            if (conditions := parameter.shown_when.items())
        }

    def typed(self) -> dict[str, list[str]]:
        """Return what was sent, as it was sent, to show it again."""
        return {
            field.name: [_shown_again(field, text) for text in (field.raw_data or ())[:MOST_CHOSEN]]
            for field in self
        }


def form_of(
    actor: Actor,
    action: Action,
    formdata: MultiDict[str, str] | None = None,
    stored: Stored | None = None,
) -> ParameterForm:
    """Return the form, filled in with what was sent, or else with what the run stores."""
    parameters = action.parameters
    attributes: dict[str, Any] = {
        name: _field(actor, parameter) for name, parameter in parameters.items()
    }
    form_class = type(f"{action.name}Form", (ParameterForm,), attributes | {"declared": parameters})
    data = {
        name: _data(parameters[name], given)
        for name, given in (stored or {}).items()
        if name in parameters
    }
    form: ParameterForm = form_class(formdata, prefix=PREFIX, data=data)
    return form


def _texts(wanted: str | Collection[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _data(parameter: Parameter, given: list[Any]) -> Any:
    """Return what a run stores as the field takes it; None if it fits no more."""
    try:
        value = parameter.parse(given)
    except RuleBroken:
        return None
    if isinstance(parameter, Choose) and not parameter.multiple:
        return value[0] if value else None
    return value


def _stored(parameter: Parameter, shown: Field) -> list[Any]:
    """Return the value of a field as a run stores it."""
    data = shown.data
    if isinstance(parameter, Choose):
        return data if isinstance(data, list) else [data] if data else []
    if isinstance(data, str):  # as a choice and a text have it
        return [data]
    return parameter.stored(data)


def _shown_again(shown: Field, text: str) -> str:
    """Return what was sent as it can be kept.

    A choice of which nothing can be seen is replaced, and so stays a wrong one.
    """
    if isinstance(shown, PickField):
        return without_invisible(text[:LONGEST_NUMBER]) or (text and UNSEEN)
    return UNSTORABLE.sub(STILL_WRONG, text[:LONGEST])


def _field(actor: Actor, parameter: Parameter) -> Field:
    # A field that is not always shown must not keep a browser from sending the others.
    is_needed = is_required(parameter, {}) and not parameter.shown_when
    if isinstance(parameter, Value):
        return _value_field(parameter, required=is_needed)
    assert isinstance(parameter, Choose)
    return PickField(
        parameter.label,
        description=parameter.description,
        multiple=parameter.multiple,
        required=is_needed,
        find=partial(_options, actor, parameter),
    )


def _value_field(parameter: Value, *, required: bool) -> Field:
    label = str(parameter.label)
    spec = FieldSpec(
        kind=parameter.kind,
        column=parameter.described,
        label=f"{label} ({parameter.unit})" if parameter.unit else label,
        description=str(parameter.description),
        required=required,
    )
    return field(spec)


def _options(
    actor: Actor, parameter: Choose, chosen: Sequence[int]
) -> tuple[list[tuple[int, str]], bool]:
    """Return rows to choose from, those chosen before among them, and whether there are more."""
    find = partial(
        records.options, actor=actor, model=parameter.model, among=parameter.offered(actor)
    )
    first, more = find(limit=MOST_OPTIONS)
    missing = [row_id for row_id in chosen if row_id not in dict(first)]
    if not missing:
        return [*first], more
    others, _more = find(ids=missing, limit=len(missing))
    return [*others, *first], more
