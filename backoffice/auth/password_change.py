"""One's own password, changed by whoever knows the present one."""

from sqlalchemy import select

from backoffice import events
from backoffice.auth import attempts, notices, passwords, revocation, sessions, throttle
from backoffice.auth.actors import themselves
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db, pause
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

ATTEMPT_REASON = "current password"  # the reason of a try that signs nobody in


def has_temporary_password(actor: Actor) -> bool:
    """Whether the person has to choose a password because theirs was handed to them."""
    return db.session.get_one(User, actor.user_id).password_state == "temporary"


def change_password(
    *, actor: Actor, current: str, new: str, origin: Origin, settings: Settings
) -> str:
    """Replace one's own password; the new value of one's own session, for the old one opens nothing any more.

    Every other session and every link to reset it end, and the person is told. Raises RuleBroken with the field
    current_password or new_password, TooMany, or SignedOut where the session has ended meanwhile. Every try of the
    current password is recorded: commit whatever comes of it.
    """
    user = db.session.get_one(User, actor.user_id)
    attempt = throttle.enter(Key.of_account(user), user, origin, settings)
    proof = passwords.prove(user, current, settings)
    if proof is None:
        attempts.settle(attempt, "failed", ATTEMPT_REASON)
        raise RuleBroken("This is not your current password.", field="current_password")
    attempts.settle(attempt, "ok", ATTEMPT_REASON)
    if passwords.normalised(current) == passwords.normalised(new):
        raise RuleBroken(
            "Choose a password that differs from the current one.", field="new_password"
        )
    passwords.check(user, new, settings)
    pause()
    hashed = passwords.hashed(new, settings)
    user = themselves(actor)
    if passwords.accept(proof) is None:
        raise RuleBroken("Your account was changed meanwhile. Try again.", field="current_password")
    passwords.put(user, hashed)
    own = select(User.id).where(User.id == user.id)
    revocation.void(own, change="password", reason="password changed", keep=actor.session_id)
    notices.password_changed(user, origin, settings)
    events.record(actor=actor, action="account.change_password", subject=events.subject_of(user))
    return sessions.renew(actor.session_id or 0, user, confirmed=True)
