"""Name and picture the rows that events are about, as far as an actor may see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError

from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Entity, Record, records
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import about, named, restriction, scope

Subject = tuple[str, RowKey | None]  # an area, and the id of a row


def pictures(actor: Actor | None, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the avatars' keys of those of these people who have one and whom the actor sees."""
    statement = select(User.id, User.avatar).where(
        User.id.in_({row_id for row_id in ids if row_id}),
        User.avatar.is_not(None),
        scope(actor, User),
    )
    return {row_id: key for row_id, key in db.session.execute(statement) if key}


def of_event(event: Any) -> Subject:
    """Return the subject of an event, or of a row of their list: its area and its id."""
    if event.subject_key is None:
        return event.subject_type, event.subject_id
    model = next((each for each in records() if area_of(each) == event.subject_type), None)
    if model is None:
        return event.subject_type, event.subject_id
    return event.subject_type, row_keys.restored(model, event.subject_id, event.subject_key)


def names(actor: Actor | None, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Return the names that the actor may see of the rows that events are about, by (area, id).

    There is one statement for each area.
    """
    models = {area_of(model): model for model in records()}
    names_by_subject: dict[Subject, str] = {}
    for area, ids in _ids_by_area(subjects).items():
        if model := models.get(area):
            labels = _labels(actor, model, ids)
            names_by_subject |= {(area, row_id): label for row_id, label in labels.items()}
    return names_by_subject


def readable(actor: Actor | None, subjects: Iterable[Subject]) -> set[Subject]:
    """Return those of these rows whose names the actor may read, by (area, id).

    There is one statement for each area of which the actor may not read all names.
    """
    models = {area_of(model): model for model in records()}
    found: set[Subject] = set()
    for area, ids in _ids_by_area(subjects).items():
        if model := models.get(area):
            found |= {(area, row_id) for row_id in _readable_ids(actor, model, ids)}
    return found


def _readable_ids(actor: Actor | None, model: type[Record], ids: set[RowKey]) -> set[RowKey]:
    condition = restriction(actor, model)
    if condition is None:
        return ids
    keys = [key for row_id in ids if (key := row_keys.parse(model, str(row_id))) is not None]
    statement = select(model.id).where(model.id.in_(keys), condition)
    return {row_id for (row_id,) in _executed(model, statement)}


def _ids_by_area(subjects: Iterable[Subject]) -> dict[str, set[RowKey]]:
    ids: dict[str, set[RowKey]] = {}
    for area, row_id in subjects:
        if row_id is not None:
            ids.setdefault(area, set()).add(row_id)
    return ids


def _labels(actor: Actor | None, model: type[Record], ids: set[RowKey]) -> dict[RowKey, str]:
    """Return what rows are called."""
    statement = select(model.id, named(actor, model)).where(model.id.in_(ids))
    labels = dict(_executed(model, statement))
    others = about(actor, model)
    if others is not None:
        for row_id, other in _executed(model, others.where(model.id.in_(ids))):
            labels[row_id] = f"{labels[row_id]} ({other})"
    return labels


def _executed(model: type[Record], statement: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    """Return what a statement finds; nothing of a table that is gone, or away with its database."""
    if not issubclass(model, Entity) or model.__counts_versions__:
        return db.session.execute(statement).all()
    try:
        with db.session.begin_nested():
            return db.session.execute(statement).all()
    except DBAPIError:
        return ()
