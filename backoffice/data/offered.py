"""What a list's filters offer to choose from: related rows, and codes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, literal, null, select, union_all

from backoffice.data import codes
from backoffice.extensions import db
from backoffice.models import fields, row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

Labels = list[tuple[str, str]]  # value and label
Labelled = Select[str, Any, str]  # the name of a filter, an id, a label


def choices(
    *,
    actor: Actor,
    model: type[Record],
    names: Sequence[str],
    chosen: Mapping[str, Sequence[RowKey]],
    limit: int,
) -> dict[str, Labels]:
    """Return what the filters by `names` offer, all in one statement.

    A filter by a code offers every code there is. A filter by related rows offers the `chosen` ids
    and the first `limit` others, within the actor's scope; other filters offer nothing here.
    """
    together = [_codes(model, name) for name in names if fields.shape(model, name) == "code"]
    labels: dict[str, Labels] = {}
    for name in names:
        if fields.shape(model, name) != "rows":
            continue
        statements = [*_related_rows(actor, model, name, chosen.get(name, ()), limit)]
        if row_keys.is_numbered(fields.related_model(model, name)):
            together += statements
        else:  # keys of another type are read on their own
            labels |= _read(actor, model, statements)
    return labels | _read(actor, model, together)


def _read(actor: Actor, model: type[Record], statements: list[Labelled]) -> dict[str, Labels]:
    """Return the values and labels by the filter's name, in the order in which they were read."""
    if not statements:
        return {}
    labels: dict[str, dict[str, str]] = {}
    for name, row_id, label in db.session.execute(union_all(*statements)):
        told = label
        if fields.shape(model, name) == "rows":
            told = masking.label_of(actor, fields.related_model(model, name), row_id, label)
        labels.setdefault(name, {}).setdefault(str(row_id or label), told)
    return {name: list(by_value.items()) for name, by_value in labels.items()}


def _codes(model: type[Record], name: str) -> Labelled:
    code = codes.every(model, name).subquery().c.code
    return select(literal(name), null().cast(BigInteger), code)


def _related_rows(
    actor: Actor, model: type[Record], name: str, chosen: Sequence[RowKey], limit: int
) -> Iterator[Labelled]:
    """Yield what selects the chosen rows of a relation, and the first rows of all."""
    target = fields.related_model(model, name)
    visible = _labels(target, name).where(scope(actor, target))
    if chosen:
        yield visible.where(target.id.in_(chosen))
    yield select(visible.order_by(target.id).limit(limit).subquery())


@cache
def _labels(target: type[Record], name: str) -> Labelled:
    label = target.label_column().label("label")
    return select(literal(name).label("name"), target.id, label)
