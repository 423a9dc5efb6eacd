"""Log refused attempts; of a flood, only the beginning is logged."""

from datetime import timedelta

from backoffice import clock, events
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.quotas import A_MINUTE
from backoffice.settings import configured
from backoffice.text import noted

QUOTA = "denials"
# Stored as the reason of the last event of a flood, and translated when it is shown.
FLOOD = noted(
    "More than %(limit)s refused tries within a minute: "
    "further ones until %(until)s UTC are not listed."
)


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
        reason = FLOOD % {"limit": limit, "until": f"{until:%H:%M:%S}"}
        events.record(actor=actor, action=action, result="denied", reason=reason)
    return seconds
