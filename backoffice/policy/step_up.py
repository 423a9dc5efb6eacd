"""Step-up: the most sensitive actions require a recent confirmation of the actor's identity."""

from backoffice.errors import ConfirmationNeeded
from backoffice.policy.actor import Actor


def require_recent(actor: Actor) -> None:
    """Raise ConfirmationNeeded unless the actor gave a password or a code in the last minutes.

    Commands are exempt: whoever can run them controls the machine anyway.
    """
    if actor.user_id is not None and not actor.confirmed:
        raise ConfirmationNeeded
