"""A quota counts uses in a window of time, and a lease has one holder at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from backoffice import clock, throttles
from backoffice.errors import TooMany
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.throttles import Lease, Rate, Throttle
from tests.support.cast import Cast

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=10)
A_SECOND = timedelta(seconds=1)
TWICE = Throttle(
    name="a test",
    counts="Uses.",
    per="person",
    rates=(Rate(2, WINDOW),),
    refusal="Only %(most)s. Wait %(minutes)s min.",
)
ALONE = Lease(name="a test alone", counts="Uses.", per="person", lasts=WINDOW, refusal="Busy.")


@pytest.fixture
def actor(cast: Cast) -> Actor:
    return Actor(cast.vera.id, "vera@example.com")


def test_more_uses_than_allowed_are_refused_until_the_window_ends(actor: Actor) -> None:
    with clock.at(NOON):
        quotas.spend(actor=actor, throttle=TWICE)
    with clock.at(NOON + WINDOW / 2):
        quotas.spend(actor=actor, throttle=TWICE)
        for _ in range(3):
            with pytest.raises(TooMany) as refused:
                quotas.spend(actor=actor, throttle=TWICE)
    assert refused.value.message == "Only 2. Wait 5 min."
    assert refused.value.retry_after == 300
    with clock.at(NOON + WINDOW - A_SECOND), pytest.raises(TooMany):
        quotas.spend(actor=actor, throttle=TWICE)
    with clock.at(NOON + WINDOW):
        quotas.spend(actor=actor, throttle=TWICE)


def test_everybody_has_a_count_of_their_own(actor: Actor, cast: Cast) -> None:
    for _ in range(2):
        quotas.spend(actor=actor, throttle=TWICE)
    quotas.spend(actor=Actor(cast.max.id, "max@example.com"), throttle=TWICE)
    quotas.spend(actor=actor, throttle=throttles.AVATARS)


def test_commands_are_not_limited(actor: Actor) -> None:
    for _ in range(3):
        quotas.spend(actor=Actor(None, "command line"), throttle=TWICE)


def test_a_lease_has_one_holder_until_it_is_released(cast: Cast) -> None:
    user_id = cast.vera.id
    holder = quotas.acquire(user_id=user_id, lease=ALONE)
    with pytest.raises(TooMany, match="Busy"):
        quotas.acquire(user_id=user_id, lease=ALONE)
    quotas.release(user_id=user_id, lease=ALONE, holder="another")
    with pytest.raises(TooMany):
        quotas.acquire(user_id=user_id, lease=ALONE)
    quotas.release(user_id=user_id, lease=ALONE, holder=holder)
    assert quotas.acquire(user_id=user_id, lease=ALONE) != holder


def test_a_lease_ends_without_a_renewal(cast: Cast) -> None:
    user_id = cast.vera.id
    with clock.at(NOON):
        holder = quotas.acquire(user_id=user_id, lease=ALONE)
    with clock.at(NOON + WINDOW - A_SECOND):
        quotas.renew(user_id=user_id, lease=ALONE, holder=holder)
    with clock.at(NOON + WINDOW), pytest.raises(TooMany):
        quotas.acquire(user_id=user_id, lease=ALONE)
    with clock.at(NOON + 2 * WINDOW):
        assert quotas.acquire(user_id=user_id, lease=ALONE) != holder
