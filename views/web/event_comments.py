"""Draw the comments on events as their reader sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from markupsafe import Markup

from backoffice.data import event_comments
from backoffice.events import subjects
from backoffice.models.event_comment import EventComment
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from views.web.avatars import avatar

USERS = area_of(User)


@dataclass(frozen=True)
class Told:
    """A comment as people read it.

    Attributes:
        number: its number, by which the page can be opened at it.
        author, avatar: who wrote it, as far as the reader may know.
        at, edited_at: when it was written, and when it was changed.
        text: what it says; '' if it was erased.
        is_erased: whether it was.
        edit_href: its form, while the reader may change it.
    """

    number: int
    author: str
    avatar: Markup
    at: datetime
    edited_at: datetime | None
    text: str
    is_erased: bool
    edit_href: str


def told(actor: Actor, event_ids: Sequence[int]) -> Mapping[int, list[Told]]:
    """Return the comments on these events as the reader sees them, read in three statements."""
    by_event = event_comments.of_events(actor, event_ids)
    authors = {each.author_id for comments in by_event.values() for each in comments}
    names = subjects.names(actor, [(USERS, author) for author in authors])
    pictures = subjects.pictures(actor, authors)
    return {
        event_id: [_told(actor, each, names, pictures) for each in comments]
        for event_id, comments in by_event.items()
    }


def _told(
    actor: Actor,
    comment: EventComment,
    names: Mapping[subjects.Subject, str],
    pictures: Mapping[int, str],
) -> Told:
    author_id = comment.author_id
    name = names.get((USERS, author_id), "")
    href = ""
    if event_comments.may_edit(actor, comment):
        href = url_for("events.edit_comment", row_id=comment.event_id, comment_id=comment.id)
    return Told(
        number=comment.id,
        author=name,
        avatar=avatar(author_id, name, pictures.get(author_id)),
        at=comment.created_at,
        edited_at=comment.edited_at,
        text=comment.text,
        is_erased=comment.redacted_at is not None,
        edit_href=href,
    )
