"""Avatars: people choose their own, others may only remove one, and the files follow the commit."""

import secrets
from collections.abc import Iterable
from functools import partial

import structlog
from sqlalchemy import Select, select

from backoffice import events, slots
from backoffice.auth.actors import themselves
from backoffice.data import records
from backoffice.data.storage import KEY, Storage, uploads
from backoffice.errors import CannotStore, NotAllowed, NotFound
from backoffice.extensions import after_commit, after_rollback, configured, db
from backoffice.models import personal
from backoffice.models.user import User
from backoffice.people import image_processing
from backoffice.people.image_processing import SIZES, Crop
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.quotas import AN_HOUR
from backoffice.policy.rules import require

log = structlog.get_logger()


def set_avatar(*, actor: Actor, data: bytes, filename: str, crop: Crop | None = None) -> None:
    """Make the picture in `data` the actor's own avatar, in place of the one before.

    `filename` is what the person's device calls it; `crop` the part to take, by default the middle. The picture is
    judged and drawn before the database is asked for anything. Raises RuleBroken (field avatar), CannotStore or Busy.
    """
    with slots.pictures(configured().picture_slots).taken():
        drawn = image_processing.drawn(data, filename, crop)
    user = themselves(actor)
    key, before, store = secrets.token_hex(16), user.avatar, uploads()
    after_rollback(partial(_discard, store, [key]))
    for size, content in drawn.items():
        _put(store, _rendition(key, size), content)
    user.avatar = key
    if before:
        after_commit(partial(_discard, store, [before]))
    events.record(actor=actor, action="account.set_avatar", subject=events.subject_of(user))


def admit(*, actor: Actor) -> None:
    """Count a picture that the actor sends, so commit then. Raises TooMany: drawing takes a while."""
    most = configured().avatars_per_hour
    sentence = f"You have sent {most} pictures within an hour, which is as many as it goes. Try again later."
    quotas.spend(actor=actor, what="avatars", most=most, within=AN_HOUR, sentence=sentence)


def remove_avatar(*, actor: Actor, user_id: int | None = None) -> None:
    """Remove one's own avatar, or with the permission that of somebody whom the actor does not answer to.

    Removing none changes nothing. Raises NotAllowed or NotFound.
    """
    own = user_id in (None, actor.user_id)
    if own:
        user = themselves(actor)
    else:
        require(actor, "users.remove_avatar")
        user = records.get(actor=actor, model=User, row_id=user_id or 0, locked=True)
        if reason := records.out_of_reach(actor, user):
            raise NotAllowed(reason, code="users.remove_avatar")
    if user.avatar is None:
        return
    after_commit(partial(_discard, uploads(), [user.avatar]))
    user.avatar = None
    action = "account.remove_avatar" if own else "users.remove_avatar"
    events.record(actor=actor, action=action, subject=events.subject_of(user))


def forget(people: Select[int]) -> None:
    """Have the files of `people` removed once the transaction is committed; whoever calls this empties the column."""
    for column, owner in personal.uploads():
        if owner is not None:
            keys = db.session.scalars(select(column).where(owner.in_(people), column.is_not(None)))
            after_commit(partial(_discard, uploads(), list(keys)))


def picture(*, key: str, size: int) -> bytes:
    """The encoded picture of that key. Raises NotFound: what was removed is gone at once, though its file may stay.

    Keys are random, and told only to those who may see whom the picture shows; so its being somebody's is all that
    has to be asked, fifty times a page.
    """
    known = size in SIZES and KEY.fullmatch(_rendition(key, size))
    known = known and db.session.scalar(select(User.id).where(User.avatar == key))
    content = uploads().read(_rendition(key, size)) if known else None
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
    """Remove the files. What the disk does not let go is nobody's, is shown to nobody, and is tried again at night."""
    for key in keys:
        for size in SIZES:
            try:
                store.delete(_rendition(key, size))
            except OSError as error:
                log.warning("upload_not_removed", key=key, error=type(error).__name__)
