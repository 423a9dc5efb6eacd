"""So often within a time, and one at a time: to the second, for each person by themselves."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.policy import quotas
from backoffice.policy.actor import Actor, system
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.throttles import Lease, Rate, Throttle

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def throttle(name: str) -> Throttle:
    """Return a throttle of two uses in a minute."""
    return Throttle(
        name=name,
        counts="Uses.",
        per="person",
        rates=(Rate(2, MINUTE),),
        refusal="Not so often.",
    )


def lease(name: str) -> Lease:
    """Return a lease of a minute."""
    return Lease(name=name, counts="Uses.", per="person", lasts=MINUTE, refusal="One at a time.")


@pytest.fixture
def max_(app: Flask, cast: Cast, still: datetime) -> Actor:
    return cast.actor("max")


def spend(actor: Actor, what: str = "export") -> int:
    """Count a use of two that are allowed in a minute; return after how many seconds to return."""
    try:
        quotas.consume(actor=actor, throttle=throttle(what))
    except TooMany as refused:
        return refused.retry_after if str(refused) == "Not so often." else -1
    finally:
        settle()
    return 0


def test_what_is_beyond_the_limit_is_refused_until_a_minute_after_the_first(
    max_: Actor, still: datetime
) -> None:
    assert [spend(max_) for _ in range(4)] == [0, 0, 60, 60]
    with clock.at(still + 59 * SECOND):
        assert spend(max_) == 1
    with clock.at(still + MINUTE - timedelta(milliseconds=1)):
        assert spend(max_) == 1, "never none"
    with clock.at(still + MINUTE):
        assert [spend(max_) for _ in range(3)] == [0, 0, 60], "the next minute begins here"


def test_the_minute_begins_with_the_first_use_and_not_with_the_last(
    max_: Actor, still: datetime
) -> None:
    spend(max_)
    with clock.at(still + 50 * SECOND):
        assert [spend(max_), spend(max_)] == [0, 10]
    with clock.at(still + MINUTE):
        assert [spend(max_), spend(max_)] == [0, 0]


def test_a_clock_that_is_put_back_begins_a_new_minute(max_: Actor, still: datetime) -> None:
    assert [spend(max_) for _ in range(3)] == [0, 0, 60]
    with clock.at(still - SECOND):
        assert spend(max_) == 0


def test_others_and_other_things_are_counted_apart(cast: Cast, max_: Actor) -> None:
    assert [spend(max_) for _ in range(3)] == [0, 0, 60]
    assert spend(max_, "avatar") == 0
    assert spend(cast.actor("vera")) == 0


def test_commands_are_not_limited(max_: Actor) -> None:
    assert [spend(system()) for _ in range(5)] == [0] * 5


def hold(user_id: int, what: str = "export") -> str | int:
    """Become the holder for a minute, or return after how many seconds to return."""
    try:
        return quotas.acquire(user_id=user_id, lease=lease(what))
    except TooMany as refused:
        return refused.retry_after if str(refused) == "One at a time." else -1
    finally:
        settle()


def test_there_is_one_holder_until_the_lease_ends(cast: Cast, max_: Actor, still: datetime) -> None:
    person = cast.max.id
    first = hold(person)
    assert isinstance(first, str)
    assert len(first) == 16
    assert hold(person) == 60
    assert isinstance(hold(person, "import"), str)
    assert isinstance(hold(cast.vera.id), str)
    with clock.at(still + 59 * SECOND):
        assert hold(person) == 1
    with clock.at(still + MINUTE):
        second = hold(person)
        assert isinstance(second, str)
        assert second != first
        assert hold(person) == 60


def test_who_renews_the_lease_keeps_it_and_who_has_lost_it_does_not(
    cast: Cast, max_: Actor, still: datetime
) -> None:
    person = cast.max.id
    first = str(hold(person))
    with clock.at(still + 40 * SECOND):
        quotas.renew(user_id=person, lease=lease("export"), holder=first)
        assert hold(person) == 60
        quotas.renew(user_id=person, lease=lease("export"), holder="somebody else")
    with clock.at(still + 99 * SECOND):
        quotas.renew(user_id=person, lease=lease("export"), holder="somebody else")
        assert hold(person) == 1
    with clock.at(still + 100 * SECOND):
        assert isinstance(hold(person), str)


def test_who_lets_go_makes_room_at_once_and_only_for_their_own(
    cast: Cast, max_: Actor, still: datetime
) -> None:
    person = cast.max.id
    first = str(hold(person))
    quotas.release(user_id=person, lease=lease("export"), holder="somebody else")
    assert hold(person) == 60
    quotas.release(user_id=person, lease=lease("export"), holder=first)
    settle()
    second = str(hold(person))
    assert second != first
    quotas.release(user_id=person, lease=lease("export"), holder=first)
    assert hold(person) == 60


def test_where_the_clock_was_put_back_nobody_waits_for_a_holder_of_the_future(
    cast: Cast, max_: Actor, still: datetime
) -> None:
    person = cast.max.id
    hold(person)
    with clock.at(still - SECOND):
        assert isinstance(hold(person), str)
