"""Log refused attempts; of a flood, only the beginning is logged."""

from datetime import timedelta

from backoffice import clock, events
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.quotas import A_MINUTE
from backoffice.settings import configured

QUOTA = "denials"


def note(*, actor: Actor, action: str, what: str) -> int:
    """Log a refused attempt, and return how many seconds the actor has to wait.

    The answer is 0 unless the actor was refused too often within a minute. The first attempt above
    the limit is logged as the last one; further attempts are not logged.
    """
    limit = configured().denials_per_minute
    user_id = actor.user_id
    number = 0
    if user_id is not None:
        number = quotas.counted(user_id=user_id, what=QUOTA, within=A_MINUTE)
    if number <= limit:
        events.record(actor=actor, action=action, result="denied", reason=what)
        return 0
    seconds = quotas.left(user_id=user_id or 0, what=QUOTA, within=A_MINUTE)
    if number == limit + 1:
        until = clock.now() + timedelta(seconds=seconds)
        reason = (
            f"More than {limit} refused tries within a minute: "
            f"further ones until {until:%H:%M:%S} UTC are not listed."
        )
        events.record(actor=actor, action=action, result="denied", reason=reason)
    return seconds
