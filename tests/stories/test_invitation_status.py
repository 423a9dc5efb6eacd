"""People are found, and acted on, by the state of their invitation."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import confirmed, outcome, previewed, run_at
from tests.support.html import row_ids
from tests.support.links import invited, newcomer

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
EIGHT_HOURS = timedelta(hours=8)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def all_kinds(app: Flask, cast: Cast) -> Callable[[str], set[int]]:
    """Create one person per invitation state, invited at noon.

    Return a function that maps a filter's value to the ids that it should find.
    """
    with clock.at(NOON):
        people: dict[str, Any] = {
            name: invited(app, cast.olivia, name) for name in ("pending", "gone", "held", "in")
        }
        for name, status in (("gone", "revoked"), ("held", "blocked"), ("in", "active")):
            people[name].status = status
        people["in"].password_hash = "x"
        people["by_login"] = User(login_method="login", password_hash="x")
        people["by_login"].login = "by.login"
        db.session.add(people["by_login"])
        settle()
    had = {"accepted": {people["in"].id, cast.olivia.id, cast.max.id, cast.vera.id, cast.eve.id}}
    had |= {"revoked": {people["gone"].id, people["held"].id}, "none": {people["by_login"].id}}
    return lambda name: had.get(name, {people["pending"].id})


@pytest.mark.parametrize(
    "after, status",
    [
        (EIGHT_HOURS - A_SECOND, "pending"),
        (EIGHT_HOURS, "expired"),
        (EIGHT_HOURS - A_SECOND, "accepted"),
        (EIGHT_HOURS, "revoked"),
        (EIGHT_HOURS, "none"),
    ],
)
def test_the_filter_finds_each_at_the_very_second(
    app: Flask, all_kinds: Callable[[str], set[int]], *, after: timedelta, status: str
) -> None:
    with clock.at(NOON + after):
        visitor = newcomer(app).sign_in("olivia")
        assert set(row_ids(visitor.get(f"/admin/users/?invitation={status}"))) == all_kinds(status)
        other = {"pending": "expired", "expired": "pending"}.get(status)
        assert other is None or row_ids(visitor.get(f"/admin/users/?invitation={other}")) == []


@pytest.mark.parametrize("after, found", [(EIGHT_HOURS - A_SECOND, 0), (EIGHT_HOURS, 1)])
def test_all_that_match_are_those_that_the_filter_finds(
    app: Flask, all_kinds: Callable[[str], set[int]], *, after: timedelta, found: int
) -> None:
    with clock.at(NOON + after):
        visitor = newcomer(app).sign_in("olivia")
        answer = previewed(
            visitor, "users", "resend-invitation", all_matching="1", invitation="expired"
        )
        assert answer.status_code == (200 if found else 303)
        if found:
            done = run_at(confirmed(visitor, "users", "resend-invitation", answer))
            assert done.counts == {"done": 1}
            assert outcome(done, next(iter(all_kinds("expired")))) == ("done", "")
