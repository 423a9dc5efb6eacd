"""Report what became of an access review: who decided what, and what was left."""

from dataclasses import dataclass, field

from sqlalchemy import Subquery, func, select

from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named, scope


@dataclass
class Line:
    """What one person decided, or what was left to them.

    Attributes:
        name: of the person; '' for those entries that nobody was asked about in particular.
        counts: the number of entries by decision.
        gone: how many of those that were taken away were gone already.
    """

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    gone: int = 0


def by_reviewer(actor: Actor, review: AccessReview) -> list[Line]:
    """Return a line for each person who decided or was to decide, as far as the actor sees."""
    counted = _counted(actor, review)
    by_name = (
        select(counted, named(actor, User).label("name"))
        .outerjoin(User, User.id == counted.c.person)
        .order_by(User.search_key, counted.c.person)
    )
    lines: dict[int | None, Line] = {}
    for row in db.session.execute(by_name):
        line = lines.setdefault(row.person, Line(row.name if row.person else ""))
        line.counts[row.decision] = row.number
        line.gone += row.gone
    return list(lines.values())


def asked_about(actor: Actor, review: AccessReview) -> tuple[list[tuple[int, str]], bool]:
    """Return the groups that the review asks about, as (id, name), and if about permissions too."""
    item = AccessReviewItem
    of_review = item.review_id == review.id
    asked = select(item.group_id).where(of_review)
    groups = select(Group.id, Group.name).where(Group.id.in_(asked), scope(actor, Group))
    extra = select(item.id).where(of_review, item.permission != "").limit(1)
    found = [(row.id, row.name) for row in db.session.execute(groups.order_by(Group.name))]
    return found, db.session.scalar(extra) is not None


def _counted(actor: Actor, review: AccessReview) -> Subquery:
    item = AccessReviewItem
    person = func.coalesce(item.decided_by_id, item.reviewer_id).label("person")
    gone = func.count().filter(item.was_gone).label("gone")
    numbers = select(person, item.decision, func.count().label("number"), gone)
    seen = numbers.where(item.review_id == review.id, scope(actor, item))
    return seen.group_by(person, item.decision).subquery()
