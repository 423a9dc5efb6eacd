"""Make a form from a model: one field per attribute, with the limits of its column."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from wtforms import Field

from backoffice.models import fields
from backoffice.models.base import Record
from forms.base import Form
from forms.kinds import FieldSpec, field

Picker = Callable[[type[Record], str], dict[str, Any]]


def form_for(
    model: type[Record],
    names: Sequence[str],
    *,
    labels: Mapping[str, str],
    descriptions: Mapping[str, str],
    picker: Picker,
    base: type[Form] = Form,
) -> type[Form]:
    """Return a form class with a field for each of `names`, after the fields of `base`.

    `picker` gives relations their options.
    """
    form_fields: dict[str, Any] = {}
    for name in names:
        label = labels.get(name) or fields.heading(name)
        description = descriptions.get(name, "")
        form_fields[name] = field_for(model, name, label, description, picker)
    return type(f"{model.__name__}Form", (base,), form_fields)


def field_for(
    model: type[Record], name: str, label: str, description: str, picker: Picker
) -> Field:
    """Return the field that fits the attribute. Raises LookupError if its kind has none."""
    kind = fields.kind(model, name)
    if kind is None:
        raise LookupError(f"{model.__name__} has no {name!r} that people may see")
    is_relation = name in inspect(model).relationships
    return field(
        FieldSpec(
            kind=kind,
            column=None if is_relation else fields.column(model, name),
            label=label,
            description=description,
            required=fields.is_required(model, name),
            picker=picker(model, name) if is_relation else None,
        )
    )
