"""Each value of a derived choice has a condition of its own.

All of them together agree with the column.
"""

from datetime import datetime, timedelta
from itertools import product

from flask import Flask
from sqlalchemy import insert, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import user_groups
from backoffice.models.base import Record, records
from backoffice.models.client import Client
from backoffice.models.company import Company
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import RESULTS, SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import STATUSES, User

HOUR = timedelta(hours=1)


def build() -> None:
    """Add people, sessions and sign-ins in every state, and in some that should not exist."""
    now = clock.now()
    links = (
        None,
        (now - HOUR, None),
        (now + HOUR, None),
        (now + 9 * HOUR, None),
        (now + 9 * HOUR, now),
    )
    for number, (status, method, secret, link) in enumerate(
        product(STATUSES, ("email", "login"), (None, "hash"), links)
    ):
        key = f"person{number}"
        user = User(
            status=status,
            login_method=method,
            password_hash=secret,
            email=f"{key}@example.com",
            login=key,
        )
        db.session.add(user)
        db.session.flush()
        if link:
            ends, used = link
            token = Token(
                purpose="invitation", value_hash=key, created_at=now, expires_at=ends, used_at=used
            )
            token.user_id = user.id
            db.session.add(token)
    for number, (ended, expires, idle) in enumerate(
        product((None, now), (-HOUR, HOUR), (-HOUR, HOUR))
    ):
        times = {
            "last_seen_at": now,
            "expires_at": now + expires,
            "idle_at": now + idle,
            "ended_at": ended,
        }
        db.session.add(Session(token_hash=str(number), user_id=user.id, **times))
    _add_what_ends(user, now)
    _add_reviews(user, now)
    db.session.add_all([Client(), Client(company=Company(business_name="Harbour"))])
    for result, reason in product(RESULTS, ("", "password")):
        db.session.add(SignInAttempt(at=now, result=result, reason=reason))
    db.session.flush()


def _add_what_ends(user: User, now: datetime) -> None:
    """Add extra permissions and memberships that end soon, later, never, and have ended."""
    for number, left in enumerate((None, -HOUR, HOUR, 999 * HOUR)):
        ends_at = now + left if left else None
        db.session.add(DirectGrant(user=user, permission=f"users.{number}", ends_at=ends_at))
        group, member = Group(name=f"Group {number}"), User(email=f"member{number}@example.com")
        db.session.add_all([group, member])
        db.session.flush()
        membership = {"user_id": member.id, "group_id": group.id, "ends_at": ends_at}
        db.session.execute(insert(user_groups), membership)


def _add_reviews(user: User, now: datetime) -> None:
    """Add reviews that are open, over and closed, each with a decision and one that is missing."""
    for state, left in (("open", HOUR), ("open", -HOUR), ("closed", HOUR)):
        review = AccessReview(name=state, state=state, people="all", ends_at=now + left)
        for decision in ("undecided", "keep"):
            item = AccessReviewItem(review=review, user=user, access="Staff", decision=decision)
            db.session.add(item)


def said(model: type[Record], name: str) -> dict[int, str]:
    return dict(db.session.execute(select(model.id, getattr(model, name))).all())


def test_every_row_meets_the_condition_of_the_value_that_it_shows_and_no_other(app: Flask) -> None:
    build()
    derived = [(model, name) for model in records() for name in model.__derived__]
    assert len(derived) >= 4
    for model, name in derived:
        shown = said(model, name)
        found: dict[int, str] = {}
        for value in model.__derived__[name]:
            for row_id in db.session.scalars(select(model.id).where(model.derived(name, value))):
                assert row_id not in found, (name, value, found[row_id])
                found[row_id] = value
        assert found == shown, name
        assert set(shown.values()) == set(model.__derived__[name]), (
            f"every value of {name} is there"
        )
        assert shown == {row.id: getattr(row, name) for row in db.session.scalars(select(model))}, (
            name
        )
