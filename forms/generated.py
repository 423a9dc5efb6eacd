"""Make a form from a model: one field per attribute, with the limits of its column."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Integer, Numeric
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the stubs
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    SelectChoice,
    SelectField,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.text import LONGEST
from forms.base import Form
from forms.fields import (
    EmailField,
    LinesField,
    LongTextField,
    PhoneField,
    PickField,
    SwitchField,
    TextField,
)

LARGEST = 2**31 - 1  # what an integer column takes
Picker = Callable[[type[Record], str], dict[str, Any]]


def form_for(
    model: type[Record],
    names: Sequence[str],
    labels: dict[str, str],
    helps: dict[str, str],
    picker: Picker,
) -> type[Form]:
    """Return a form class with a field for each of `names`.

    `picker` gives relations their options.
    """
    form_fields: dict[str, Any] = {}
    for name in names:
        label = labels.get(name) or fields.heading(name)
        form_fields[name] = field_for(model, name, label, helps.get(name, ""), picker)
    return type(f"{model.__name__}Form", (Form,), form_fields)


def field_for(model: type[Record], name: str, label: str, description: str, picker: Picker) -> Any:
    """Return the field that fits the attribute."""
    kind = fields.kind(model, name)
    if kind in ("one", "many"):
        return PickField(
            label,
            multiple=kind == "many",
            description=description,
            **picker(model, name),
        )
    column: Any = fields.column(model, name)
    validators: list[Any] = [Optional()]
    if fields.is_required(model, name):
        validators = [InputRequired("Fill this in.")]
    more = {"description": description, "default": _default(column)}
    make: Callable[..., Any] = _MAKERS.get(kind, _text)
    return make(column, label, validators, more)


def _text(column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
    limit = getattr(column.type, "length", None) or 10_000
    make = LongTextField if limit > fields.LONG_TEXT else TextField
    return make(label, limit=limit, validators=validators, **more)


def _typed(make: type[TextField]) -> Callable[..., Any]:
    def field(column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
        return make(label, limit=column.type.length or LONGEST, validators=validators, **more)

    return field


def _number(column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
    message = f"Give a number between {-LARGEST:,} and {LARGEST:,}."
    validators.append(NumberRange(-LARGEST, LARGEST, message))
    if isinstance(column.type, Integer):
        return IntegerField(label, validators, **more)
    places = column.type.scale if isinstance(column.type, Numeric) else None
    return DecimalField(label, validators, places=places, **more)


def _choice(column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
    values = column.info.get("choices") or column.type.enums
    choices = [SelectChoice(value, fields.heading(str(value))) for value in values]
    return SelectField(label, validators, choices=choices, **more)


def _boolean(_column: Any, label: str, _validators: list[Any], more: dict[str, Any]) -> Any:
    return SwitchField(label, **more)


def _date(_column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
    return DateField(label, validators, **more)


def _time(_column: Any, label: str, validators: list[Any], more: dict[str, Any]) -> Any:
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    return DateTimeLocalField(f"{label} (UTC)", validators, format=formats, **more)


def _list(_column: Any, label: str, _validators: list[Any], more: dict[str, Any]) -> Any:
    return LinesField(label, **more)


def _default(column: Any) -> Any:
    default = column.default
    if default is not None and default.is_scalar:
        return default.arg
    return None


_MAKERS: dict[str, Callable[..., Any]] = {
    "text": _text,
    "email": _typed(EmailField),
    "phone": _typed(PhoneField),
    "number": _number,
    "choice": _choice,
    "boolean": _boolean,
    "date": _date,
    "time": _time,
    "list": _list,
}
