"""Let people who know their present password change it."""

from flask_babel import gettext as _

from backoffice import events
from backoffice.auth import (
    attempts,
    passwords,
    revocation,
    security_notifications,
    sessions,
    throttle,
)
from backoffice.auth.actors import lock_own_row
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.passwords import Hashed, Proof
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import N_
from backoffice.transactions import pause

ATTEMPT_REASON = "current password"  # the reason of an attempt that signs nobody in


def has_temporary_password(actor: Actor) -> bool:
    """Return whether the person has to choose a password because theirs was handed to them."""
    return db.session.get_one(User, actor.user_id).password_state == "temporary"


def change_password(
    *, actor: Actor, current: str, new: str, origin: Origin, settings: Settings
) -> str:
    """Replace the actor's own password, and return the new value of their own session.

    The old value opens nothing any more. Every other session and every link to reset the password
    end, and the person is told by mail. Raises RuleBroken with the field current_password or
    new_password, TooMany, or SignedOut if the session has ended meanwhile. Every attempt to give
    the current password is recorded: commit whether it returns or raises.
    """
    user = db.session.get_one(User, actor.user_id)
    proof = _prove_current(user, current, origin, settings)
    _check_new(user, current, new, settings)
    pause()  # hashing takes long, so no lock is held meanwhile
    hashed = passwords.hashed(new, settings)
    user = lock_own_row(actor)
    if passwords.accept(proof) is None:
        message = _("Your account was changed meanwhile. Try again.")
        raise RuleBroken(message, field="current_password")
    _store_changed(actor, user, hashed)
    security_notifications.password_changed(user, origin, settings)
    return sessions.renew(actor.session_id or 0, user, confirmed=True)


def _prove_current(user: User, current: str, origin: Origin, settings: Settings) -> Proof:
    """Return the proof of the current password, and record the attempt."""
    attempt = throttle.enter(Key.of_account(user), user, origin, settings)
    proof = passwords.prove(user, current, settings)
    if proof is None:
        attempts.record_result(attempt, "failed", ATTEMPT_REASON)
        raise RuleBroken(_("This is not your current password."), field="current_password")
    attempts.record_result(attempt, "ok", ATTEMPT_REASON)
    return proof


def _check_new(user: User, current: str, new: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) if the new password is the same, or too weak."""
    if passwords.normalised(current) == passwords.normalised(new):
        raise RuleBroken(
            _("Choose a password that differs from the current one."), field="new_password"
        )
    passwords.check(user, new, settings)


def _store_changed(actor: Actor, user: User, hashed: Hashed) -> None:
    """Set the password, end what was proved by the old one, and record the event."""
    passwords.store_hashed(user, hashed)
    own = user.alone()
    revocation.void(own, change="password", reason=N_("password changed"), keep=actor.session_id)
    events.record(actor=actor, action="account.change_password", subject=events.subject_of(user))
