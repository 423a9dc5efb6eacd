"""Seal comments on events: the event about each writing holds the hash of the comment.

So whoever changes a comment would have to change the chain of events.
"""

from collections.abc import Iterable

from backoffice.events.hashing import hashed
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment

WRITTEN = "events.comment"
WRITTEN_ANEW = "events.edit_comment"
ACTIONS = (WRITTEN, WRITTEN_ANEW)  # of the events that hold a seal
COMMENT, SEAL = "#comment", "#seal"  # what such an event has in its values
# The columns that a seal covers; the text has a hash of its own, so that it can be erased.
SEALED = ("id", "event_id", "author_id", "text_hash", "version", "created_at", "edited_at")


def text_hash(comment: EventComment) -> str:
    """Return the hash of the comment's text, which nobody can guess without the salt."""
    return hashed([comment.salt, comment.text])


def noted(comment: EventComment) -> dict[str, object]:
    """Return what the event about a writing of the comment keeps of it."""
    return {COMMENT: comment.id, SEAL: _seal(comment)}


def is_sealed(comment: EventComment, seal: object) -> bool:
    """Return whether the comment is as it was when it was sealed; its text may be erased."""
    is_whole = comment.redacted_at is not None or text_hash(comment) == comment.text_hash
    return is_whole and _seal(comment) == seal


def latest(events: Iterable[Event]) -> dict[object, tuple[Event, object]]:
    """Return the last event about each comment with its seal, by the number of the comment."""
    found = {}
    for event in events:
        values = event.after or {}
        found[values.get(COMMENT)] = (event, values.get(SEAL))
    return found


def _seal(comment: EventComment) -> str:
    return hashed([getattr(comment, name) for name in SEALED])
