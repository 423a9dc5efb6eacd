"""Remind reviewers once before a review ends, and close reviews whose end has come."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, func, select

from backoffice import clock, events
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.people import review_mails
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.transactions import begin


def remind(settings: Settings, stopping: Callable[[], bool]) -> None:
    """Mail the reviewers with undecided entries of reviews that end soon; each is told once."""
    now = clock.now()
    soon = now + review_mails.REMIND_BEFORE
    due = (AccessReview.reminded_at.is_(None), AccessReview.ends_at > now)
    while not stopping() and (review := _next(*due, AccessReview.ends_at <= soon)):
        review_mails.tell(review, settings)
        review.reminded_at = now
        review.version += 1
        db.session.commit()


def close(*, actor: Actor, stopping: Callable[[], bool]) -> None:
    """Close the reviews whose end has come; the events say how many entries were left."""
    now = clock.now()
    while not stopping() and (review := _next(AccessReview.ends_at <= now)):
        undecided = select(func.count(AccessReviewItem.id)).where(
            AccessReviewItem.review_id == review.id, AccessReviewItem.decision == "undecided"
        )
        review.state, review.closed_at = "closed", now
        review.version += 1
        events.record(
            actor=actor,
            action="access_reviews.close",
            subject=events.subject_of(review),
            before={"state": "open"},
            after={"state": "closed", "undecided": db.session.scalar(undecided)},
        )
        db.session.commit()


def _next(*which: ColumnElement[bool]) -> AccessReview | None:
    """Begin a transaction, and lock and return an open review for which all of this holds."""
    begin(writing=True)
    some = select(AccessReview).where(AccessReview.state == "open", *which)
    locked = some.order_by(AccessReview.id).limit(1).with_for_update()
    return db.session.scalar(locked.execution_options(populate_existing=True))
