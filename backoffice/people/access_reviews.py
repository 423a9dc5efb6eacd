"""Open access reviews, with an entry for each access that they ask about, and close them."""

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    and_,
    func,
    insert,
    literal,
    select,
    true,
)

from backoffice import clock, events, limits
from backoffice.data import lists
from backoffice.errors import RuleBroken
from backoffice.events import mentions
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import review_mails
from backoffice.people.review_entries import COLUMNS, Terms, Uses, note_uses, select_for
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, scoped
from backoffice.settings import Settings, configured
from backoffice.text.numbers import formatted

OPEN = "access_reviews.open"


def _sees_some_alone(actor: Actor) -> bool:
    """Return whether there may be entries that the actor does not see."""
    return not (can(actor, "access_reviews.view") and can(actor, "users.view"))


@scoped(AccessReviewItem, hides_names=_sees_some_alone)
def _items(actor: Actor) -> ColumnElement[bool]:
    """Show people the entries that they review, and all to those who see the reviews.

    Entries name people, so nobody sees them who does not see people.
    """
    own = AccessReviewItem.reviewer_id == actor.user_id
    seen = true() if can(actor, "access_reviews.view") else own
    return and_(literal(can(actor, "users.view")), seen)


def dormant(settings: Settings) -> ColumnElement[bool]:
    """SQL: whether the person has not signed in for a long time, since they were added at least."""
    last_seen = func.coalesce(User.last_login_at, User.created_at)
    return and_(User.status == "active", last_seen <= clock.now() - settings.dormant_after)


def number(actor: Actor, terms: Terms) -> int:
    """Return how many entries a review with these terms would have now, up to one too many."""
    entries = select_for(actor, terms)
    return db.session.scalar(lists.counting(entries, limits.REVIEW_ENTRIES)) or 0


def open_review(*, actor: Actor, terms: Terms, uses: Uses, reason: str) -> AccessReview:
    """Open a review, fix its entries, note the event, and tell its reviewers by mail.

    Raises RuleBroken, with the field it belongs to, if there is nothing to ask about, or too much.
    """
    _check_number(number(actor, terms))
    settings = configured()
    is_short = terms.ends_at <= clock.now() + review_mails.REMIND_BEFORE
    review = AccessReview(
        name=terms.name,
        people=terms.people,
        ends_at=terms.ends_at,
        opened_by_id=actor.user_id,
        reminded_at=clock.now() if is_short else None,
    )
    db.session.add(review)
    db.session.flush()
    _add_entries(actor, review, terms)
    note_uses(review.id, uses)
    review_mails.tell(review, settings)
    _record(actor, review, terms, reason)
    return review


def _check_number(entries: int) -> None:
    if not entries:
        raise RuleBroken(_("None of these people has such access."), field="groups")
    if entries > limits.REVIEW_ENTRIES:
        most = formatted(limits.REVIEW_ENTRIES)
        text = _("This asks about more than %(most)s entries: choose fewer groups.", most=most)
        raise RuleBroken(text, field="groups")


def _record(actor: Actor, review: AccessReview, terms: Terms, reason: str) -> None:
    """Record the event: whose access is asked about, by whom, and until when."""
    columns = (Group.id, Group.name)
    groups = select(*columns).where(Group.id.in_(terms.group_ids)).order_by(Group.name)
    noted: dict[str, object] = {
        "people": terms.people,
        "groups": [mentions.of(Group, *each) for each in db.session.execute(groups)],
        "ends_at": terms.ends_at.isoformat(),
    }
    if terms.reviewer_id:
        noted["reviewer"] = mentions.of(User, terms.reviewer_id, "")
    subject = (area_of(AccessReview), review.id)
    events.record(actor=actor, action=OPEN, subject=subject, after=noted, reason=reason)


def _add_entries(actor: Actor, review: AccessReview, terms: Terms) -> None:
    now = clock.now()
    entries = select_for(actor, terms).subquery()
    given = {
        "review_id": review.id,
        "version": 1,
        "decision": "undecided",
        "note": "",
        "was_gone": False,
        "created_at": now,
        "updated_at": now,
    }
    table = AccessReviewItem.__table__
    values = [literal(value, table.c[name].type) for name, value in given.items()]
    # Entries of a person stand together.
    rows = select(*entries.c, *values).order_by(entries.c.user_id, entries.c.access)
    names = [*COLUMNS, *given]
    db.session.execute(insert(AccessReviewItem).from_select(names, rows))
