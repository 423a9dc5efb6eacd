"""Set, remove and read avatars.

People choose their own avatar, and others may only remove it. Files change with the transaction.
"""

import secrets
from functools import partial

from sqlalchemy import Select, select

from backoffice import events, slots, throttles
from backoffice.auth.actors import lock_own_row
from backoffice.data import records
from backoffice.data.storage import KEY, Storage, uploads
from backoffice.errors import CannotStore, NotAllowed, NotFound
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.user import User
from backoffice.people import image_processing
from backoffice.people.image_processing import SIZES, Crop
from backoffice.people.uploaded_files import discard, forget_column
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from backoffice.settings import configured
from backoffice.transactions import after_commit, after_rollback

COLUMN = fields.column(User, "avatar")


def set_avatar(*, actor: Actor, data: bytes, filename: str, crop: Crop | None = None) -> None:
    """Make the picture in `data` the actor's own avatar, in place of the one before.

    `filename` is the picture's name on the person's device. `crop` is the part to take, by default
    the middle. Raises RuleBroken (field avatar), CannotStore or Busy.
    """
    # Rendering takes a while, so it is done before the database is asked for anything.
    with slots.pictures(configured().picture_slots).taken():
        renditions = image_processing.rendered(data, filename, crop)
    user = lock_own_row(actor)
    key = secrets.token_hex(16)
    before = user.avatar
    store = uploads()
    after_rollback(partial(discard, store, COLUMN, [key]))
    for size, content in renditions.items():
        _put(store, f"{key}-{size}", content)
    user.avatar = key
    if before:
        after_commit(partial(discard, store, COLUMN, [before]))
    events.record(actor=actor, action="account.set_avatar", subject=events.subject_of(user))


def count_upload(*, actor: Actor) -> None:
    """Count one more upload by the actor, because rendering one takes a while.

    The caller has to commit. Raises TooMany.
    """
    quotas.consume(actor=actor, throttle=throttles.AVATARS)


def remove_avatar(*, actor: Actor, user_id: int | None = None) -> None:
    """Remove the actor's own avatar, or with a permission that of somebody within their reach.

    Does nothing if there is no avatar. Raises NotAllowed or NotFound.
    """
    if user_id is None or user_id == actor.user_id:
        user = lock_own_row(actor)
        action = "account.remove_avatar"
    else:
        user = _within_reach(actor, user_id)
        action = "users.remove_avatar"
    if user.avatar is None:
        return
    after_commit(partial(discard, uploads(), COLUMN, [user.avatar]))
    user.avatar = None
    events.record(actor=actor, action=action, subject=events.subject_of(user))


def _within_reach(actor: Actor, user_id: int) -> User:
    """Lock and return the person whose avatar the actor may remove."""
    require(actor, "users.remove_avatar")
    user = records.get(actor=actor, model=User, row_id=user_id, locked=True)
    if reason := records.out_of_reach(actor, user):
        raise NotAllowed(reason, code="users.remove_avatar")
    return user


def forget(people: Select[int]) -> None:
    """Remove the avatars of `people` once the transaction is committed.

    The caller has to empty the column.
    """
    forget_column(COLUMN, fields.column(User, "id"), people)


def read_avatar(*, key: str, size: int) -> bytes:
    """Return the encoded avatar with that key, `size` pixels on each side.

    Keys are random, and shown only to people who may see the person. It is therefore enough that
    the avatar is somebody's, which is quick to check fifty times a page.
    Raises NotFound, also for a removed avatar whose file the disk still holds.
    """
    storage_key = f"{key}-{size}"
    if size not in SIZES or not KEY.fullmatch(storage_key):
        raise NotFound
    if db.session.scalar(select(User.id).where(User.avatar == key)) is None:
        raise NotFound
    content = uploads().read(storage_key)
    if content is None:
        raise NotFound
    return content


def _put(store: Storage, key: str, content: bytes) -> None:
    try:
        store.put(key, content)
    except CannotStore as error:
        raise CannotStore(error.message, field="avatar") from error
