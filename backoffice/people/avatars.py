"""Set, remove and read avatars.

People choose their own avatar, and others may only remove it. Files change with the transaction.
"""

import secrets
from functools import partial

from sqlalchemy import Select, select

from backoffice import events, slots, throttles
from backoffice.auth.actors import lock_own_row
from backoffice.data import pictures
from backoffice.data.pictures import SIZES, Crop
from backoffice.data.storage import Storage, uploads
from backoffice.data.uploaded_files import discard, forget_column
from backoffice.errors import CannotStore, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.files import KEY
from backoffice.models.user import User
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from backoffice.transactions import after_commit, after_rollback

COLUMN = fields.column(User, "avatar")


def set_avatar(*, actor: Actor, data: bytes, filename: str, crop: Crop | None = None) -> None:
    """Make the picture in `data` the actor's own avatar, in place of the one before.

    `filename` is the picture's name on the person's device. `crop` is the part to take, by default
    the middle. Raises RuleBroken (field avatar), CannotStore or Busy.
    """
    # Rendering takes a while, so it is done before the database is asked for anything.
    renditions = _rendered(data, filename, crop)
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


def _rendered(data: bytes, filename: str, crop: Crop | None) -> dict[int, bytes]:
    try:
        with slots.pictures(configured().picture_slots).taken():
            return pictures.rendered(data, filename, crop)
    except RuleBroken as error:
        raise RuleBroken(error.message, field="avatar") from error


def count_upload(*, actor: Actor) -> None:
    """Count one more upload by the actor, because rendering one takes a while.

    The caller has to commit. Raises TooMany.
    """
    quotas.consume(actor=actor, throttle=throttles.AVATARS)


def remove_avatar(*, actor: Actor) -> None:
    """Remove the actor's own avatar; does nothing if there is none.

    Others' are removed by the action `users.remove_avatar`. Raises NotAllowed.
    """
    user = lock_own_row(actor)
    if user.avatar is None:
        return
    after_commit(partial(discard, uploads(), COLUMN, [user.avatar]))
    user.avatar = None
    events.record(actor=actor, action="account.remove_avatar", subject=events.subject_of(user))


def forget(people: Select[int]) -> None:
    """Remove the avatars of `people` once the transaction is committed.

    The caller has to empty the column.
    """
    forget_column(COLUMN, fields.column(User, "id").in_(people))


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
