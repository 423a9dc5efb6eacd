"""The form of what an action asks for: a field for each parameter, by its kind."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import and_, true
from werkzeug.datastructures import MultiDict
from wtforms import Field, PasswordField

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.codes import Permissions
from backoffice.actions.engine.context import Ids
from backoffice.actions.engine.parameters import Choose, Parameter, Stored, is_required
from backoffice.actions.engine.secret import Secret
from backoffice.actions.engine.values import Value
from backoffice.data import choices
from backoffice.errors import RuleBroken
from backoffice.models import key_tokens, row_keys
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.text import without_invisible
from forms.base import Form
from forms.fields import PickField
from forms.files import FilesField
from forms.kinds import FieldSpec, field
from views.screen import uploads

PREFIX = "with."  # before the names of parameters: none can clash with another field of the form
MOST_OPTIONS = 200
MOST_KEPT = 20_000  # characters of what was typed and refused, to show it again
MOST_CHOSEN = 1000  # of what was chosen and refused, to show it again
LONGEST_NUMBER = key_tokens.LONGEST  # characters of a row's key
UNSEEN = "?"  # in place of a value that nobody can see
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # characters, by PostgreSQL
STILL_WRONG = "\1"  # in their place: fields refuse it as well


@dataclass(frozen=True)
class Asked:
    """Whom the form asks, and for what.

    Attributes:
        rows: selects the ids of the action's rows.
        url_of: returns where more rows are looked up for the parameter of a name.
    """

    actor: Actor
    action: Action
    rows: Ids
    url_of: Callable[[str], str]


class ParameterForm(Form):
    """The parameters of an action; those that are not asked for are neither checked nor chosen."""

    declared: ClassVar[Mapping[str, Parameter]] = {}

    def given(self) -> Stored:
        """Return what was chosen, as a run stores it."""
        return self.asked_for()

    def _written(self, name: str) -> list[Any]:
        return _stored(self.declared[name], self[name])

    def _refusal_if_empty(self, name: str, asked: Mapping[str, Sequence[object]]) -> str:
        parameter = self.declared[name]
        return parameter.asked_for() if is_required(parameter, asked) else ""

    def typed(self) -> dict[str, list[str]]:
        """Return what was sent, as it was sent, to show it again, but for secrets."""
        shown = (field for field in self if not isinstance(field, PasswordField))
        return {field.name: list(_shown_again(field)) for field in shown}


def sent(asked: Asked) -> ParameterForm:
    """Return the form with what was sent; new files are stored (uploads.py)."""
    actor, action = asked.actor, asked.action
    names = [PREFIX + name for name, each in action.parameters.items() if _takes_files(each)]
    # Somebody may send what nobody asked for. It is refused when it is chosen, not overlooked.
    form = form_of(asked, uploads.sent(names), parameters=action.parameters)
    uploads.receive(actor, form, action.code())
    uploads.show(actor, form, action.code())
    return form


def tell_kept(form: ParameterForm, stored: Stored) -> None:
    """Say at each secret that was typed before that it is kept, for the form never shows it."""
    for name, parameter in form.declared.items():
        if isinstance(parameter, Secret) and stored.get(name):
            form[name].description = parameter.kept


def with_kept(form: ParameterForm, stored: Stored) -> Stored:
    """Return what was chosen; of a secret that is left empty, what was typed before."""
    return {
        name: stored.get(name, given)
        if isinstance(form.declared[name], Secret) and not any(given)
        else given
        for name, given in form.given().items()
    }


def takes_files(action: Action) -> bool:
    """Return whether the action asks for files."""
    return any(map(_takes_files, action.parameters.values()))


def _takes_files(parameter: Parameter) -> bool:
    return isinstance(parameter, Value) and parameter.takes_files


def form_of(
    asked: Asked,
    formdata: MultiDict[str, str] | None = None,
    stored: Stored | None = None,
    parameters: Mapping[str, Parameter] | None = None,
) -> ParameterForm:
    """Return the form, filled in with what was sent, or else with what the run stores.

    Without `parameters`, it has those that the actor is asked for.
    """
    parameters = asked.action.asked(asked.actor) if parameters is None else parameters
    form_class = _form_class(asked, parameters)
    data = {
        name: _data(parameters[name], given)
        for name, given in (stored or {}).items()
        if name in parameters
    }
    form: ParameterForm = form_class(formdata, prefix=PREFIX, data=data)
    return form


def _form_class(asked: Asked, parameters: Mapping[str, Parameter]) -> type[ParameterForm]:
    attributes: dict[str, Any] = {
        name: _field(asked, parameter) for name, parameter in parameters.items()
    }
    attributes |= {
        "declared": parameters,
        "shown_when": {name: parameter.shown_when for name, parameter in parameters.items()},
    }
    return type(f"{asked.action.name}Form", (ParameterForm,), attributes)


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


def _shown_again(shown: Field) -> Iterator[str]:
    """Yield what was sent as it can be kept.

    A choice of which nothing can be seen is replaced, and so stays a wrong one. New files are kept
    by their handles.
    """
    if isinstance(shown, FilesField):
        yield from ("", *(kept.handle for kept in shown.shown))
        return
    for text in (shown.raw_data or ())[:MOST_CHOSEN]:
        if isinstance(shown, PickField):
            yield without_invisible(text[:LONGEST_NUMBER]) or (text and UNSEEN)
        else:
            yield UNSTORABLE.sub(STILL_WRONG, _cut(text))


def _cut(text: str) -> str:
    """Return what was typed as far as it is kept; what is cut off leaves it wrong."""
    return text if len(text) <= MOST_KEPT else text[:MOST_KEPT] + STILL_WRONG


def _field(asked: Asked, parameter: Parameter) -> Field:
    # A field that is not always shown must not keep a browser from sending the others.
    is_needed = is_required(parameter, {}) and not parameter.shown_when
    if isinstance(parameter, Value):
        return _value_field(parameter, required=is_needed)
    if isinstance(parameter, Permissions):
        return _permissions_field(asked.actor, parameter, required=is_needed)
    if isinstance(parameter, Secret):
        return PasswordField(
            parameter.label,
            description=parameter.description,
            render_kw={"autocomplete": "new-password"},
        )
    assert isinstance(parameter, Choose)
    return PickField(
        parameter.label,
        description=parameter.description,
        multiple=parameter.multiple,
        required=is_needed,
        find=partial(_options, asked, parameter),
        lookup_url=asked.url_of(parameter.name),
        parse=partial(row_keys.parse, parameter.model),
    )


def _permissions_field(actor: Actor, parameter: Permissions, *, required: bool) -> Field:
    return PickField(
        parameter.label,
        description=parameter.description,
        required=required,
        find=lambda _chosen: ([*parameter.offered(actor)], False),
        parse=lambda text: text,
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
    asked: Asked, parameter: Choose, chosen: Sequence[RowKey]
) -> tuple[list[tuple[RowKey, str]], bool]:
    """Return rows to choose from, those chosen before among them, and whether there are more."""
    first, more = options(asked, parameter, limit=MOST_OPTIONS)
    missing = [row_id for row_id in chosen if row_id not in dict(first)]
    if not missing:
        return [*first], more
    others, _more = options(asked, parameter, ids=missing, limit=len(missing))
    return [*others, *first], more


def options(asked: Asked, parameter: Choose, **which: Any) -> tuple[list[tuple[RowKey, str]], bool]:
    """Return rows that the parameter offers, as `choices.offered` does; `which` are its words."""
    held = parameter.held_by(asked.rows) if parameter.held_by else true()
    among = and_(parameter.offered(asked.actor), held)
    return choices.offered(actor=asked.actor, model=parameter.model, among=among, **which)
