"""Log refused attempts; of a flood, only the beginning is logged."""

from datetime import timedelta

from backoffice import clock, events, throttles
from backoffice.errors import TooMany
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from backoffice.text import N_

# Stored as the reason of the last event of a flood, and translated when it is shown.
FLOOD = N_(
    "More than %(limit)s refused tries within a minute: "
    "further ones until %(until)s UTC are not listed."
)


def record(*, actor: Actor, action: str, what: str) -> TooMany | None:
    """Log a refused attempt; return an error if the actor was refused too often, otherwise None.

    The first attempt above the limit is logged as the last one; further attempts are not logged.
    """
    if actor.user_id is None:
        _append(actor, action, what)
        return None
    throttle = throttles.DENIALS
    most = throttle.rate.number(configured())
    number = quotas.count(user_id=actor.user_id, throttle=throttle)
    if number <= most:
        _append(actor, action, what)
        return None
    seconds = quotas.seconds_left(user_id=actor.user_id, throttle=throttle)
    if number == most + 1:
        until = clock.now() + timedelta(seconds=seconds)
        _append(actor, action, FLOOD % {"limit": most, "until": f"{until:%H:%M:%S}"})
    return throttle.refused(most=most, seconds=seconds)


def _append(actor: Actor, action: str, reason: str) -> None:
    events.record(actor=actor, action=action, result="denied", reason=reason)
