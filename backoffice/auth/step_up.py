"""Step-up: somebody who is signed in shows again that it is them, by password or by code."""

from backoffice.auth import attempts, challenges, passwords, sessions, throttle
from backoffice.auth.actors import themselves
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

REASON = "confirmation"
WRONG = "This is not right. Enter your password, or a code of your authenticator app."


def confirm(*, actor: Actor, password: str, code: str, origin: Origin, settings: Settings) -> str:
    """A new value for the actor's session, which counts as confirmed for some minutes.

    Every try is recorded: commit whatever comes of it, also where it raises RuleBroken (wrong) or TooMany. Raises
    SignedOut where the session has ended meanwhile.
    """
    if actor.session_id is None:
        raise RuleBroken("Only somebody who is signed in in a browser can confirm that it is them.")
    user, factor = db.session.get_one(User, actor.user_id), "password" if password else "code"
    attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor=factor)
    proof = passwords.prove(user, password[:1000], settings) if password else None
    user = themselves(actor)
    if password:
        right = proof is not None and passwords.accept(proof) is not None
    else:
        right = challenges.is_right(user, code, settings)
    attempts.settle(attempt, "ok" if right else "failed", REASON)
    if not right:
        raise RuleBroken(WRONG, field="confirm_password" if password else "confirm_code")
    return sessions.renew(actor.session_id, user, confirmed=True)
