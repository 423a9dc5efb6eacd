"""Related rows in the values that events keep: by area, id and the name that they had then.

What is stored has every name, whoever writes. Whoever reads is told the names of those rows that
they see, and of others the kind and the number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from backoffice.events import subjects
from backoffice.events.subjects import Subject
from backoffice.models import fields, personal, row_keys
from backoffice.models.base import Record, records
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import restriction
from backoffice.text import capital, is_id

Mention = dict[str, Any]
Values = Mapping[str, object]
KEYS = {"of", "id", "label"}  # of a mention


def of(model: type[Record], row_id: RowKey, label: str) -> str | Mention:
    """Return how events keep a related row, without anything that would have to be erased later."""
    if personal.belongs(model):
        return f"{model.__singular__.capitalize()} {row_keys.shown(row_id)}"
    return {"of": area_of(model), "id": row_id, "label": label}


def person(target: type[Record] | None, value: object) -> Subject | None:
    """Return which person a value is that names a row of `target`, kept as a number alone.

    Return None for anything else.
    """
    if not isinstance(value, str):
        return None
    kind, _space, number = value.rpartition(" ")
    if target is not User or kind != User.__singular__.capitalize() or not is_id(number):
        return None
    return area_of(User), int(number)


def readable(actor: Actor, noted: Iterable[Values]) -> set[Subject]:
    """Return those rows that the values of events mention and whose names the actor may read.

    There is one statement for each area.
    """
    mentioned = {
        (mention["of"], mention["id"])
        for values in noted
        for value in values.values()
        for mention in _mentions(value)
    }
    return subjects.readable(actor, mentioned)


def told(
    actor: Actor, model: type[Record] | None, values: Values, names: set[Subject]
) -> dict[str, object]:
    """Return an event's values of a row, with related rows by those names that may be read."""
    return {name: _told(actor, model, name, value, names) for name, value in values.items()}


def _told(
    actor: Actor, model: type[Record] | None, name: str, value: object, names: set[Subject]
) -> object:
    if isinstance(value, list):
        return [_told(actor, model, name, each, names) for each in value]
    if _is_mention(value):
        return _name(actor, value, names)
    if isinstance(value, str) and model and name in fields.relations(model):
        return _name_alone(actor, fields.related_model(model, name), value)
    return value


def _name(actor: Actor, mention: Any, names: set[Subject]) -> str:
    about = (mention["of"], mention["id"])
    if about not in names:
        return numbered(*about)
    model = _model(mention["of"])
    label = str(mention["label"])
    return masking.label_of(actor, model, mention["id"], label) if model else label


def _name_alone(actor: Actor, target: type[Record], name: str) -> str:
    """Return a name that an older event has without its row, for those who may read all names."""
    if personal.belongs(target) or restriction(actor, target) is None:
        return masking.label_of(actor, target, None, name)
    return capital(target.noun())


def numbered(area: str, row_id: RowKey) -> str:
    """Return what a row is called where its name is not told, such as "Person 12"."""
    model = _model(area)
    kind = model.noun() if model else fields.heading(area)
    return f"{capital(kind)} {row_keys.shown(row_id)}"


def _model(area: str) -> type[Record] | None:
    return next((each for each in records() if area_of(each) == area), None)


def _mentions(value: Any) -> list[Mention]:
    listed = value if isinstance(value, list) else [value]
    return [each for each in listed if _is_mention(each)]


def _is_mention(value: object) -> bool:
    """Whether it is what `of` returned; a company's code may keep dictionaries of its own."""
    if not isinstance(value, dict) or value.keys() != KEYS:
        return False
    is_key = isinstance(value["id"], int | str)
    return is_key and isinstance(value["of"], str) and isinstance(value["label"], str)
