"""Reviewers are told what waits for them; what they leave is reported when the review ends."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.jobs import access_reviews
from backoffice.mail.rendering import rendered
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group
from tests.support.html import read
from tests.support.reviews import ENTRIES, REVIEWS, entry, next_week, open_review, typed

DAY = timedelta(days=1)
MAIL = "access_review"


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    for person in (Cast().max, Cast().olivia):
        person.email_verified_at = clock.now()
    settle()
    return client.sign_in("olivia")


@pytest.fixture
def review(olivia: Client) -> AccessReview:
    """Max is asked about two viewers, and Olivia about an employee, until next week."""
    group("viewers").reviewer_id = Cast().max.id
    settle()
    groups = [group("viewers").id, group("employee").id]
    return open_review(olivia, groups=groups)


def work() -> None:
    access_reviews.run(configured(), lambda: False)
    settle()


def told() -> list[str]:
    settle()
    return sorted(db.session.scalars(select(Message.address).where(Message.purpose == MAIL)))


def test_reviewers_are_told_at_the_opening_and_once_before_the_end(
    olivia: Client, review: AccessReview
) -> None:
    both = ["max@example.com", "olivia@example.com"]
    assert told() == both
    work()
    assert told() == both
    act(olivia, ENTRIES, "keep", entry(Cast().employee, "Employee").id)
    with clock.at(review.ends_at - 2 * DAY):
        work()
        work()
    assert told() == ["max@example.com", *both]
    message = db.session.scalars(
        select(Message).where(Message.address == "max@example.com")
    ).first()
    assert message
    text = rendered(message, configured()).text
    assert "/admin/access-review-items/?state=waits" in text
    assert "Entries that wait for you: 2" in text
    settle()
    assert db.session.get_one(AccessReview, review.id).reminded_at


def test_a_short_review_reminds_nobody(olivia: Client) -> None:
    open_review(olivia, ends_at=typed(clock.now() + DAY))
    first = told()
    work()
    assert told() == first


def test_the_job_closes_what_is_over_and_says_what_was_left(
    olivia: Client, review: AccessReview
) -> None:
    act(olivia, ENTRIES, "keep", entry(Cast().employee, "Employee").id)
    with clock.at(review.ends_at):
        work()
        work()
    settle()
    closed = db.session.get_one(AccessReview, review.id)
    assert (closed.state, closed.closed_by_id) == ("closed", None)
    event = db.session.scalars(select(Event).where(Event.action == "access_reviews.close")).one()
    assert event.after == {"state": "closed", "undecided": 2}
    with clock.at(next_week() + DAY):
        assert entry(Cast().vera, "Viewers").state == "left"


def test_the_report_says_who_decided_what(olivia: Client, review: AccessReview) -> None:
    act(olivia, ENTRIES, "keep", entry(Cast().employee, "Employee").id)
    page = read(olivia.get(f"/admin/{REVIEWS}/{review.id}?tab=report"))
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.all("tr")[1:]}
    assert rows["Max Mander"] == ["2", "0", "0", "0", "0"]
    assert rows["Olivia Owen"] == ["0", "1", "0", "0", "0"]
    exported = olivia.get(f"/admin/{ENTRIES}/export.csv?review={review.id}").text
    assert "Vera Vance" in exported
    assert ",keep," in exported


def test_home_tells_reviewers_until_when_they_are_asked(
    app: Flask, olivia: Client, review: AccessReview
) -> None:
    max_ = app.test_client().sign_in("max")
    assert "entries wait for your review, the first until" in max_.get("/").text
    listed = read(max_.get(f"/admin/{ENTRIES}/?state=waits&reviewer={Cast().max.id}"))
    assert "Vera Vance" in listed.one("tbody").text
    act(max_, ENTRIES, "keep", entry(Cast().vera, "Viewers").id)
    assert "entry waits for your review until" in max_.get("/").text
    act(max_, ENTRIES, "keep", entry(Cast().viewers, "Viewers").id)
    assert "for your review" not in max_.get("/").text


def test_dormant_people_are_those_unseen_for_long(olivia: Client) -> None:
    vera, max_ = Cast().vera, Cast().max
    vera.last_login_at = clock.now() - 91 * DAY
    max_.last_login_at = clock.now() - 89 * DAY
    settle()
    open_review(olivia, people="dormant")
    item = db.session.scalars(select(AccessReviewItem)).one()
    assert (item.user_id, item.last_login_at) == (vera.id, Cast().vera.last_login_at)


def test_people_who_are_ticked_or_match_are_reviewed(olivia: Client) -> None:
    asked = {"name": "Leavers", "ends_at": typed(next_week())}
    act(olivia, "users", "review-access", Cast().vera.id, Cast().employee.id, **asked)
    settle()
    entries = db.session.scalars(select(AccessReviewItem)).all()
    assert {item.user_id for item in entries} == {Cast().vera.id, Cast().employee.id}


def test_an_entry_says_when_the_access_was_last_used(olivia: Client) -> None:
    act(olivia, "users", "block", Cast().vera.id)
    settle()
    done = db.session.scalars(select(Event).where(Event.action == "users.block")).one()
    managers = group("managers")
    managers.permissions = sorted({*managers.permissions, "users.block"})
    Cast().olivia.groups = [*Cast().olivia.groups, managers]
    settle()
    open_review(olivia)
    assert entry(Cast().olivia, "Managers").last_used_at == done.at
    assert entry(Cast().olivia, "Administrators").last_used_at >= done.at
    assert entry(Cast().max, "Managers").last_used_at is None
