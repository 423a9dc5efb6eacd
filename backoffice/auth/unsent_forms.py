"""Keep forms that arrived after their session had ended: encrypted, for an hour, for one person."""

import json
import re
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

HANDLE = re.compile(r"[0-9a-f]{32}")
RETENTION = timedelta(hours=1)
FORMS_PER_PERSON = 5  # the oldest goes
LARGEST = 256 * 1024  # characters of names and values
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Unsent:
    """The path and query that a form was sent to, and what was typed into it."""

    url: str
    fields: list[tuple[str, str]]


def store(*, user_id: int, url: str, fields: Fields, settings: Settings) -> str | None:
    """Keep what was typed for this person; return its handle, or None if it is not kept.

    Nobody is signed in: the token of the form says which person it was drawn for. It is not kept
    for somebody who has no access, nor if it is longer than LARGEST.
    """
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None or user.status != "active":
        return None
    if sum(len(name) + len(value) for name, value in fields) > LARGEST:
        return None
    handle = secrets.token_hex(16)
    content = json.dumps({"address": url, "fields": list(fields)})
    sealed = encryption.encrypt(content, about=bound_to(user_id, handle), settings=settings)
    db.session.add(
        UnsentForm(
            user_id=user_id,
            handle=handle,
            sealed=sealed,
            created_at=clock.now(),
        )
    )
    db.session.flush()
    _delete_oldest(user_id)
    return handle


def _delete_oldest(user_id: int) -> None:
    """Delete what this person has beyond FORMS_PER_PERSON."""
    newest = (
        select(UnsentForm.id)
        .where(UnsentForm.user_id == user_id)
        .order_by(UnsentForm.id.desc())
        .limit(FORMS_PER_PERSON)
    )
    db.session.execute(
        delete(UnsentForm)
        .where(UnsentForm.user_id == user_id, UnsentForm.id.not_in(newest.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )


def find(*, actor: Actor, handle: str, settings: Settings) -> Unsent | None:
    """Return what the actor typed, or None if nothing of theirs is kept under this handle."""
    if not HANDLE.fullmatch(handle):  # an address has any text, and not all can be asked for
        return None
    statement = select(UnsentForm).where(
        UnsentForm.user_id == actor.user_id,
        UnsentForm.handle == handle,
        UnsentForm.created_at > clock.now() - RETENTION,
    )
    row = db.session.scalar(statement)
    if row is None:
        return None
    about = bound_to(row.user_id, row.handle)
    try:
        content = json.loads(encryption.decrypt(row.sealed, about=about, settings=settings))
    except encryption.Unreadable:
        return None
    fields = [(name, value) for name, value in content["fields"]]
    return Unsent(content["address"], fields)


def bound_to(user_id: int, handle: str) -> str:
    """Return what the encrypted form is bound to: in another row it cannot be decrypted."""
    return f"unsent form {handle} of user {user_id}"


rotation.include(UnsentForm.sealed, lambda row: bound_to(row.user_id, row.handle))
