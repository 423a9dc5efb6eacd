"""Name and picture the rows that events are about, as far as an actor may see them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Entity, Record, records
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named, scope

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


def _ids_by_area(subjects: Iterable[Subject]) -> dict[str, set[RowKey]]:
    ids: dict[str, set[RowKey]] = {}
    for area, row_id in subjects:
        if row_id is not None:
            ids.setdefault(area, set()).add(row_id)
    return ids


def _labels(actor: Actor | None, model: type[Record], ids: set[RowKey]) -> dict[RowKey, str]:
    """Return what rows are called; nothing of a table that is gone, or away with its database."""
    statement = select(model.id, named(actor, model)).where(model.id.in_(ids))
    if not issubclass(model, Entity) or model.__counts_versions__:
        return dict(db.session.execute(statement).all())
    try:
        with db.session.begin_nested():
            return dict(db.session.execute(statement).all())
    except DBAPIError:
        return {}
