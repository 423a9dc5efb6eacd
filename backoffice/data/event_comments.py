"""Comment on events, within what the actor sees.

Each writing of a comment is an event of its own, which seals it (events/seals.py).
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from backoffice import clock, events, limits
from backoffice.data import disclosure, records, texts
from backoffice.errors import Conflict, NotAllowed, NotFound, RuleBroken
from backoffice.events import seals
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, require
from backoffice.transactions import lock

PERMISSION = "events.comment"
FIELD = "text"
EDITABLE = timedelta(minutes=10)


def may_comment(actor: Actor, event: Event) -> bool:
    """Return whether the actor may comment on an event that they see."""
    if not can(actor, PERMISSION) or actor.user_id is None:
        return False
    return not _refusal(event) and _is_readable(actor, event.id)


def editable_until(comment: EventComment) -> datetime:
    """Return when the comment becomes final."""
    return comment.created_at + EDITABLE


def may_edit(actor: Actor, comment: EventComment) -> bool:
    """Return whether the actor wrote the comment, and may still change it."""
    is_own = comment.author_id == actor.user_id and can(actor, PERMISSION)
    return is_own and comment.redacted_at is None and clock.now() < editable_until(comment)


def of_events(actor: Actor, event_ids: Collection[int]) -> Mapping[int, list[EventComment]]:
    """Return the comments on each of these events that the actor sees, the oldest first.

    Whoever may not read the details of an event reads no comments on it either.
    """
    statement = (
        select(EventComment)
        .where(EventComment.event_id.in_(disclosure.readable_events(actor, event_ids)))
        .order_by(EventComment.event_id, EventComment.id)
    )
    by_event: dict[int, list[EventComment]] = {}
    for comment in db.session.scalars(statement):
        by_event.setdefault(comment.event_id, []).append(comment)
    return by_event


def counts(actor: Actor, event_ids: Collection[int]) -> Mapping[int, int]:
    """Return how many comments each of these events has, as far as the actor reads them."""
    statement = (
        select(EventComment.event_id, func.count())
        .where(EventComment.event_id.in_(disclosure.readable_events(actor, event_ids)))
        .group_by(EventComment.event_id)
    )
    return dict(db.session.execute(statement).all())


def write(*, actor: Actor, event_id: int, text: str) -> EventComment:
    """Comment on an event. Raises NotAllowed, NotFound, or RuleBroken with the field `text`."""
    require(actor, PERMISSION)
    kept = _checked(text)
    # Locked in the order in which an erasure writes, so that it comes before this or after it.
    event = _event(actor, event_id, locked=True)
    if refusal := _refusal(event):
        raise RuleBroken(refusal)
    lock("events")
    number = select(func.count()).where(EventComment.event_id == event_id)
    if (db.session.scalar(number) or 0) >= limits.COMMENTS:
        text = _("This event has %(most)s comments, which is the most.", most=limits.COMMENTS)
        raise RuleBroken(text)
    assert actor.user_id is not None  # commands write no comments
    comment = EventComment(event_id=event_id, author_id=actor.user_id, created_at=clock.now())
    comment.version = 1
    _seal(actor, comment, kept, seals.WRITTEN)
    return comment


def edit(
    *, actor: Actor, event_id: int, comment_id: int, version: int | None, text: str
) -> EventComment:
    """Change a comment of the actor's own that was read at `version`, while it may be changed.

    Raises NotAllowed, NotFound, Conflict, or RuleBroken with the field `text`.
    """
    require(actor, PERMISSION)
    kept = _checked(text)
    _event(actor, event_id, locked=True)
    lock("events")
    comment = get_own(actor=actor, event_id=event_id, comment_id=comment_id)
    if version != comment.version:
        raise Conflict(_("You changed this comment meanwhile, in another window."), current=comment)
    if kept != comment.text:
        comment.version += 1
        comment.edited_at = clock.now()
        _seal(actor, comment, kept, seals.WRITTEN_ANEW)
    return comment


def get_own(*, actor: Actor, event_id: int, comment_id: int) -> EventComment:
    """Return a comment that the actor may still change. Raises NotFound, NotAllowed, RuleBroken."""
    _event(actor, event_id)
    # It may have been read before the lock was there.
    statement = (
        select(EventComment)
        .where(EventComment.id == comment_id, EventComment.event_id == event_id)
        .execution_options(populate_existing=True)
    )
    comment = db.session.scalar(statement)
    if comment is None:
        raise NotFound(_("There is no such comment."))
    if comment.author_id != actor.user_id:
        raise NotAllowed(_("Only its author may change a comment."), code=PERMISSION)
    if not may_edit(actor, comment):
        raise RuleBroken(
            _("A comment stays as it is after ten minutes. Write another one."), field=FIELD
        )
    return comment


def _event(actor: Actor, event_id: int, *, locked: bool = False) -> Event:
    """Return an event whose details the actor reads. Raises NotFound."""
    event = records.get(actor=actor, model=Event, row_id=event_id, locked=locked)
    if not _is_readable(actor, event_id):
        raise NotFound(_("What this event is about is not yours to see."))
    return event


def _is_readable(actor: Actor, event_id: int) -> bool:
    return event_id in disclosure.readable_events(actor, [event_id])


def _refusal(event: Event) -> str:
    """Return why nobody may comment on the event, or ''."""
    if event.redacted_at is not None:
        return _("What this event is about was erased, so it takes no comments.")
    # A comment on such an event would outlive the erasure of whom the first event is about.
    if event.subject_type == area_of(Event) and event.subject_id is not None:
        return _("Comment on the event itself, not on its comments.")
    return ""


def _checked(text: str) -> str:
    """Return the text as it is stored. Raises RuleBroken."""
    typed = text.replace("\r\n", "\n").strip()
    if len(typed) > limits.COMMENT:
        words = _("Use at most %(limit)s characters.", limit=limits.COMMENT)
        raise RuleBroken(words, field=FIELD)
    kept = texts.normalised(typed, field=FIELD, kind="long_text")
    if not kept:
        raise RuleBroken(_("Write something."), field=FIELD)
    return kept


def _seal(actor: Actor, comment: EventComment, text: str, action: str) -> None:
    """Store the text, and append the event that seals the comment."""
    comment.text = text
    comment.salt = secrets.token_hex(16)
    comment.text_hash = seals.text_hash(comment)
    db.session.add(comment)
    db.session.flush()
    subject = (area_of(Event), comment.event_id)
    events.record(actor=actor, action=action, subject=subject, after=seals.noted(comment))
