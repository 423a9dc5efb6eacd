"""Step-up: what matters most is done only by somebody who has just shown again that it is them."""

from backoffice.errors import ConfirmationNeeded
from backoffice.policy.actor import Actor


def require_recent(actor: Actor) -> None:
    """Raise ConfirmationNeeded unless the actor gave a password or a code within the last few minutes.

    Commands are exempt: whoever runs them has the machine.
    """
    if actor.user_id is not None and not actor.confirmed:
        raise ConfirmationNeeded
