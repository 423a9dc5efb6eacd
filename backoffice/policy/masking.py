"""Masking: how much an actor sees of columns that have a mask (models/masks.py).

An actor with `mask_data` reads stars, in every row but those that are revealed to them for some
minutes. Whatever reads a value for a person asks here: statements by `shown`, everything that
stands in Python already by `value` and `label`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, cast, inspect, literal

from backoffice.models import masks, row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.models.types import Expression
from backoffice.policy.actor import Actor
from backoffice.text import capital
from backoffice.text.masks import masked

# The rows that are revealed, by table and id; None for whoever sees everything without masks.
# Statements are cached by it.
Revealed = frozenset[tuple[str, int]] | None


def is_masked(actor: Actor | None, model: type[Record], name: str) -> bool:
    """Return whether the actor sees the attribute `name` masked, at least in some rows.

    They must not compare it either: search, filter, sort or count by it.
    """
    return _sees_masks(actor) and bool(masks.of(model, name))


def is_masked_in(actor: Actor | None, row: Record, name: str) -> bool:
    """Return whether the actor sees the attribute masked in this row."""
    model = type(row)
    return is_masked(actor, model, name) and not _is_revealed(actor, model, row.id)


def revealed_to(actor: Actor | None) -> Revealed:
    """Return the rows that are revealed to an actor who sees masks, or None for any other."""
    if not _sees_masks(actor):
        return None
    areas = actor.revealed.items() if actor else ()
    return frozenset((area, row_id) for area, ids in areas for row_id in ids)


def shown(revealed: Revealed, entity: Any, name: str) -> Expression:
    """Return the attribute of a model, or of an alias, in SQL as somebody sees it.

    It can be selected; what is masked cannot be compared. `revealed` comes from `revealed_to`.
    """
    model = inspect(entity).mapper.class_
    attribute: Expression = getattr(entity, name)
    mask = masks.of(model, name)
    if revealed is None or not mask:
        return attribute
    plain = _plain(revealed, entity, model)
    if name == model.__label__:
        plain.append(attribute == _anonymous(entity, model))
    return masks.covered(mask, attribute, *plain)


def label_in_sql(
    actor: Actor | None, model: type[Record], label: Expression, *plain: ColumnElement[bool]
) -> Expression:
    """Return what a row is called, given in SQL, as the actor sees it.

    `plain` are conditions for rows whose given name is no label, and is never masked.
    """
    mask = masks.of(model, model.__label__)
    revealed = revealed_to(actor)
    if revealed is None or not mask:
        return label
    is_anonymous = label == _anonymous(model, model)
    return masks.covered(mask, label, *_plain(revealed, model, model), is_anonymous, *plain)


def value(
    actor: Actor | None, model: type[Record], row_id: RowKey | None, name: str, plain: object
) -> object:
    """Return a value of the row with this id as the actor sees it."""
    if not is_masked(actor, model, name) or _is_revealed(actor, model, row_id):
        return plain
    if name == model.__label__ and _is_number(model, row_id, plain):
        return plain
    return masked(masks.of(model, name), plain)


def read(actor: Actor | None, model: type[Record], row: Any, name: str) -> Any:
    """Return an attribute of a row as the actor sees it; it may be a tuple with its columns."""
    return value(actor, model, row.id, name, getattr(row, name))


def label(actor: Actor | None, row: Record) -> str:
    """Return what the actor calls a row."""
    return label_of(actor, type(row), row.id, row.label)


def label_of(actor: Actor | None, model: type[Record], row_id: RowKey | None, plain: str) -> str:
    """Return what the actor calls the row with this id, whose label is given."""
    return in_words(model, row_id, str(value(actor, model, row_id, model.__label__, plain)))


def in_words(model: type[Record], row_id: RowKey | None, label: str) -> str:
    """Return the label of a row, in the reader's language if it says no more than the number."""
    if row_id is None or not _is_number(model, row_id, label):
        return label
    return numbered(model, row_id)


def numbered(model: type[Record], row_id: RowKey) -> str:
    """Return what a row is called whose name is not told, such as "Person 12"."""
    return f"{capital(model.noun())} {row_keys.shown(row_id)}"


def writable(actor: Actor | None, row: Record, values: Mapping[str, object]) -> dict[str, object]:
    """Return those of the values that the actor may write: not what they see masked in the row."""
    names = [name for name in values if not is_masked_in(actor, row, name)]
    return {name: values[name] for name in names}


def _sees_masks(actor: Actor | None) -> bool:
    return actor is None or actor.mask_data


def _is_revealed(actor: Actor | None, model: type[Record], row_id: RowKey | None) -> bool:
    return actor is not None and row_id in actor.revealed.get(model.__tablename__, ())


def _plain(revealed: frozenset[tuple[str, int]], entity: Any, model: type[Record]) -> list[Any]:
    """Return the conditions, in SQL, for rows without masks."""
    ids = sorted(row_id for area, row_id in revealed if area == model.__tablename__)
    return [entity.id.in_(ids)] if ids else []


def _anonymous(entity: Any, model: type[Record]) -> Expression:
    """Return, in SQL, what a row is called that has nothing but its number."""
    kind = literal(f"{model.__singular__.capitalize()} ")
    return kind.concat(cast(entity.id, String)) if row_keys.is_numbered(model) else kind


def _is_number(model: type[Record], row_id: RowKey | None, text: object) -> bool:
    """Return whether the text says no more of a row than its number."""
    return text == f"{model.__singular__.capitalize()} {row_id}"
