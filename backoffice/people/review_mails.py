"""Tell reviewers by mail what waits for them: when a review is opened, and before it ends."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Row, func, select

from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import in_utc

REMIND_BEFORE = timedelta(days=3)  # before the end


def tell(review: AccessReview, settings: Settings) -> None:
    """Queue a mail to each reviewer with undecided entries, who works here and has an address."""
    values = {"review": review.name, "until": in_utc(review.ends_at)}
    letters = [
        OutgoingMail(
            purpose=mails.ACCESS_REVIEW,
            address=email or "",
            user_id=user_id,
            values={"number": str(number), **values},
        )
        for user_id, email, number in _reached(review)
    ]
    outbox.queue(letters, settings)


def _reached(review: AccessReview) -> Sequence[Row[int, str | None, int]]:
    """Return id and address of each reviewer who is told, and how much waits for them."""
    item = AccessReviewItem
    waiting = (item.review_id == review.id, item.decision == "undecided")
    counted = select(item.reviewer_id, func.count().label("number")).where(*waiting)
    undecided = counted.group_by(item.reviewer_id).subquery()
    told = (
        select(User.id, User.email, undecided.c.number)
        .join(undecided, undecided.c.reviewer_id == User.id)
        .where(User.status == "active", User.email_verified_at.is_not(None))
    )
    return db.session.execute(told.order_by(User.id)).all()
