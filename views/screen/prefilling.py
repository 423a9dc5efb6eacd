"""Fill in the form of a new row, before anybody types: from its address, or from another row."""

from flask import request

from backoffice.data import records
from backoffice.errors import NotFound
from backoffice.models import fields, row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from forms.base import Form
from forms.fields import PickField
from views.screen.definition import Definition

COPIED_FROM = "_from"  # in an address: the row whose values are copied


def filled_in(screen: Definition, actor: Actor, form: Form) -> dict[str, object]:
    """Return the values that the form of a new row begins with.

    Those of the address win over copied ones, and these over the screen's defaults. Raises NotFound
    if the actor does not see the row to copy.
    """
    return _defaults(screen, actor) | _copied(screen, actor, form) | _given(form)


def copied_from(screen: Definition) -> RowKey | None:
    """Return the id of the row to copy, or None if the address names none."""
    return row_keys.parse(screen.model, request.args.get(COPIED_FROM, ""))


def _defaults(screen: Definition, actor: Actor) -> dict[str, object]:
    return {
        name: default(actor) if callable(default) else default
        for name, default in screen.form_defaults.items()
    }


def copied_row(screen: Definition, actor: Actor) -> Record | None:
    """Return the row that the new one is to be like, if any.

    Raises NotFound if the actor does not see it, or rows of the screen are not copied.
    """
    if COPIED_FROM not in request.args:
        return None
    row_id = copied_from(screen)
    if not screen.can_duplicate or row_id is None:
        raise NotFound
    return records.get(actor=actor, model=screen.model, row_id=row_id)


def _copied(screen: Definition, actor: Actor, form: Form) -> dict[str, object]:
    """Return the values of the row to copy, but for those that no two rows can have.

    What the actor sees masked is not copied either.
    """
    row = copied_row(screen, actor)
    if row is None:
        return {}
    values = masking.writable(actor, row, current_values(row, form))
    return {name: value for name, value in values.items() if not _is_unique(screen, name)}


def _is_unique(screen: Definition, name: str) -> bool:
    return bool(fields.kind(screen.model, name)) and fields.is_unique(screen.model, name)


def _given(form: Form) -> dict[str, object]:
    """Return the related rows that the address names, as the tab does from which one comes."""
    picks = [field for field in form if isinstance(field, PickField)]
    given = {field: field.parse(request.args.get(field.name, "")) for field in picks}
    return {
        field.name: [key] if field.multiple else key
        for field, key in given.items()
        if key is not None
    }


def current_values(row: Record, form: Form) -> dict[str, object]:
    """Return the row's values as the form takes them, with related rows by their ids."""
    values: dict[str, object] = {}
    for field in form:
        value = getattr(row, field.name, None)
        if isinstance(field, PickField) and field.multiple:
            value = [each.id if isinstance(each, Record) else each for each in value or ()]
        elif isinstance(field, PickField):
            value = value and value.id
        values[field.name] = value
    return values
