"""Seal comments on events: the event about each writing holds the hash of the comment.

So whoever changes a comment would have to change the chain of events.
"""

from typing import NamedTuple

from sqlalchemy import select

from backoffice.events.hashing import hashed
from backoffice.events.log import BATCH
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.policy.permissions import area_of

WRITTEN = "events.comment"
WRITTEN_ANEW = "events.edit_comment"
ACTIONS = (WRITTEN, WRITTEN_ANEW)  # of the events that hold a seal
COMMENT, SEAL = "#comment", "#seal"  # what such an event has in its values
# The columns that a seal covers; the text has a hash of its own, so that it can be erased.
SEALED = ("id", "event_id", "author_id", "text_hash", "version", "created_at", "edited_at")


class Seal(NamedTuple):
    """What an event says of a comment: on which event it is, and its hash."""

    event_id: int | None
    hash: object


def text_hash(comment: EventComment) -> str:
    """Return the hash of the comment's text, which nobody can guess without the salt."""
    return hashed([comment.salt, comment.text])


def noted(comment: EventComment) -> dict[str, object]:
    """Return what the event about a writing of the comment keeps of it."""
    return {COMMENT: comment.id, SEAL: _seal(comment)}


def is_sealed(comment: EventComment, seal: Seal) -> bool:
    """Return whether the comment is as it was when it was sealed; its text may be erased."""
    is_whole = comment.redacted_at is not None or text_hash(comment) == comment.text_hash
    return is_whole and _seal(comment) == seal.hash


def latest() -> dict[int, Seal]:
    """Read the last seal of each comment, by the number of the comment.

    An event that was changed so that it names no comment seals none.
    """
    statement = (
        select(Event.subject_id, Event.after)
        .where(
            Event.subject_type == area_of(Event),
            Event.action.in_(ACTIONS),
            Event.result == "done",
        )
        .order_by(Event.id)
    )
    found = {}
    for event_id, after in db.session.execute(statement.execution_options(yield_per=BATCH)):
        number = after.get(COMMENT) if isinstance(after, dict) else None
        if isinstance(number, int):
            found[number] = Seal(event_id, after.get(SEAL))
    return found


def _seal(comment: EventComment) -> str:
    return hashed([getattr(comment, name) for name in SEALED])
