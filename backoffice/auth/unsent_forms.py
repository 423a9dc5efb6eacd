"""Forms that arrived after their session had ended: kept sealed for an hour, for one person."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.unsent_form import UnsentForm
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings

RETENTION = timedelta(hours=1)
FORMS_PER_PERSON = 5  # of one person; the oldest goes
LARGEST = 256 * 1024  # characters of names and values
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Unsent:
    """The address a form was sent to, and what was typed into it."""

    address: str
    fields: list[tuple[str, str]]


def keep(*, user_id: int, address: str, fields: Fields, settings: Settings) -> str | None:
    """Keep what was typed for this person; the handle that names it, or None where it is not kept.

    Nobody is signed in: whom the form was drawn for is known from its token. It is not kept for
    somebody who has no access, nor where it is longer than LARGEST.
    """
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None or user.status != "active":
        return None
    if sum(len(name) + len(value) for name, value in fields) > LARGEST:
        return None
    handle = secrets.token_hex(16)
    text = json.dumps({"address": address, "fields": list(fields)})
    sealed = encryption.encrypt(text, about=bound_to(user_id, handle), settings=settings)
    db.session.add(
        UnsentForm(user_id=user_id, handle=handle, sealed=sealed, created_at=clock.now())
    )
    db.session.flush()
    newest = (
        select(UnsentForm.id)
        .where(UnsentForm.user_id == user_id)
        .order_by(UnsentForm.id.desc())
        .limit(FORMS_PER_PERSON)
    )
    older = (UnsentForm.user_id == user_id, UnsentForm.id.not_in(newest.scalar_subquery()))
    db.session.execute(
        delete(UnsentForm).where(*older).execution_options(synchronize_session=False)
    )
    return handle


def find(*, actor: Actor, handle: str, settings: Settings) -> Unsent | None:
    """What the actor typed; None where nothing of theirs is under this handle, or not any more."""
    own = (UnsentForm.user_id == actor.user_id, UnsentForm.handle == handle)
    row = db.session.scalar(
        select(UnsentForm).where(*own, UnsentForm.created_at > clock.now() - RETENTION)
    )
    if row is None:
        return None
    try:
        kept = json.loads(
            encryption.decrypt(
                row.sealed, about=bound_to(row.user_id, row.handle), settings=settings
            )
        )
    except encryption.Unreadable:
        return None
    return Unsent(kept["address"], [(name, value) for name, value in kept["fields"]])


def bound_to(user_id: int, handle: str) -> str:
    """What the sealed form is bound to: in another row it cannot be read."""
    return f"unsent form {handle} of user {user_id}"


rotation.include(UnsentForm.sealed, lambda row: bound_to(row.user_id, row.handle))
