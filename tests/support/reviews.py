"""Access reviews: open one, find its entries, and let Max give what he is asked about."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.user import User
from backoffice.testing.client import Client, settle
from tests.support.acting import decided, group, previewed, token_of

REVIEWS, ENTRIES = "access-reviews", "access-review-items"


def typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def next_week() -> datetime:
    return (clock.now() + timedelta(days=7)).replace(second=0, microsecond=0)


def open_review(client: Client, **chosen: Any) -> AccessReview:
    """Open a review until next week, about everybody unless it says otherwise, and return it."""
    asked = {"name": "Spring", "people": "all", "ends_at": typed(next_week()), **chosen}
    preview = previewed(client, REVIEWS, "open", **asked)
    answer = decided(client, REVIEWS, "open", token_of(preview))
    assert answer.status_code == 303, answer.text[:3000]
    settle()
    return db.session.scalars(select(AccessReview).order_by(AccessReview.id.desc())).first()


def entry(person: User, access: str) -> AccessReviewItem:
    """Return what the latest review asks about this access of a person, read afresh."""
    settle()
    item = AccessReviewItem
    own = select(item).where(item.user_id == person.id, item.access == access)
    return db.session.scalars(own.order_by(item.id.desc())).first()


def let_max_give(*keys: str) -> None:
    """Let managers give and take these groups, and the permissions that they hold."""
    managers = group("managers")
    codes = ("users.assign_groups", "users.assign_permissions")
    managers.permissions = sorted({*managers.permissions, *codes})
    managers.grants = [group(key) for key in keys]
    settle()
