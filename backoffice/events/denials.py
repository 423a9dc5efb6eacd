"""Refused attempts in the events log: each of them, but of a flood only its beginning."""

from datetime import timedelta

from backoffice import clock, events
from backoffice.extensions import configured
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.quotas import A_MINUTE

QUOTA = "denials"


def note(*, actor: Actor, action: str, what: str) -> int:
    """Append the event; 0, or the seconds to wait for whoever was refused too often within a minute."""
    most, user_id = configured().denials_per_minute, actor.user_id
    number = 0 if user_id is None else quotas.counted(user_id=user_id, what=QUOTA, within=A_MINUTE)
    if number <= most:
        events.record(actor=actor, action=action, result="denied", reason=what)
        return 0
    seconds = quotas.left(user_id=user_id or 0, what=QUOTA, within=A_MINUTE)
    if number == most + 1:
        until = clock.now() + timedelta(seconds=seconds)
        said = f"More than {most} refused tries within a minute: further ones until {until:%H:%M:%S} UTC are not listed."
        events.record(actor=actor, action=action, result="denied", reason=said)
    return seconds
