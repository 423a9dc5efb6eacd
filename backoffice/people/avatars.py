"""Set, remove and read avatars.

People choose their own avatar, and others may only remove it. Files change with the transaction.
"""

import secrets
from collections.abc import Iterable
from functools import partial

import structlog
from sqlalchemy import Select, select

from backoffice import events, slots, throttles
from backoffice.auth.actors import themselves
from backoffice.data import records
from backoffice.data.storage import KEY, Storage, uploads
from backoffice.errors import CannotStore, NotAllowed, NotFound
from backoffice.extensions import after_commit, after_rollback, db
from backoffice.models import personal
from backoffice.models.user import User
from backoffice.people import image_processing
from backoffice.people.image_processing import SIZES, Crop
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from backoffice.settings import configured

log = structlog.get_logger()


def set_avatar(*, actor: Actor, data: bytes, filename: str, crop: Crop | None = None) -> None:
    """Make the picture in `data` the actor's own avatar, in place of the one before.

    `filename` is the picture's name on the person's device. `crop` is the part to take, by default
    the middle. Raises RuleBroken (field avatar), CannotStore or Busy.
    """
    # Drawing takes a while, so it is done before the database is asked for anything.
    with slots.pictures(configured().picture_slots).taken():
        drawn = image_processing.drawn(data, filename, crop)
    user = themselves(actor)
    key = secrets.token_hex(16)
    before = user.avatar
    store = uploads()
    after_rollback(partial(_discard, store, [key]))
    for size, content in drawn.items():
        _put(store, _rendition(key, size), content)
    user.avatar = key
    if before:
        after_commit(partial(_discard, store, [before]))
    events.record(actor=actor, action="account.set_avatar", subject=events.subject_of(user))


def admit(*, actor: Actor) -> None:
    """Count a picture that the actor sends, since drawing one takes a while. Commit afterwards.

    Raises TooMany.
    """
    quotas.spend(actor=actor, throttle=throttles.AVATARS)


def remove_avatar(*, actor: Actor, user_id: int | None = None) -> None:
    """Remove the actor's own avatar, or with a permission that of somebody within their reach.

    Does nothing if there is no avatar. Raises NotAllowed or NotFound.
    """
    if user_id is None or user_id == actor.user_id:
        user = themselves(actor)
        action = "account.remove_avatar"
    else:
        user = _within_reach(actor, user_id)
        action = "users.remove_avatar"
    if user.avatar is None:
        return
    after_commit(partial(_discard, uploads(), [user.avatar]))
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
    """Remove the files of `people` once the transaction is committed.

    The caller has to empty the columns that name the files.
    """
    for column, owner in personal.uploads():
        if owner is None:
            continue
        statement = select(column).where(owner.in_(people), column.is_not(None))
        keys = list(db.session.scalars(statement))
        after_commit(partial(_discard, uploads(), keys))


def picture(*, key: str, size: int) -> bytes:
    """Return the encoded avatar with that key, `size` pixels on each side.

    Keys are random, and shown only to people who may see the person. It is therefore enough that
    the avatar is somebody's, which is quick to check fifty times a page.
    Raises NotFound, also for a removed avatar whose file the disk still holds.
    """
    name = _rendition(key, size)
    if size not in SIZES or not KEY.fullmatch(name):
        raise NotFound
    if db.session.scalar(select(User.id).where(User.avatar == key)) is None:
        raise NotFound
    content = uploads().read(name)
    if content is None:
        raise NotFound
    return content


def _put(store: Storage, name: str, content: bytes) -> None:
    try:
        store.put(name, content)
    except CannotStore as error:
        raise CannotStore(error.message, field="avatar") from error


def _rendition(key: str, size: int) -> str:
    return f"{key}-{size}"


def _discard(store: Storage, keys: Iterable[str]) -> None:
    """Remove the files, and log those that the disk does not let go.

    Such a file belongs to nobody and is shown to nobody; a nightly job tries to remove it again.
    """
    for key in keys:
        for size in SIZES:
            try:
                store.delete(_rendition(key, size))
            except OSError as error:
                log.warning("upload_not_removed", key=key, error=type(error).__name__)
