"""Let somebody who is signed in confirm that it is them, by password or by code."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.auth import attempts, challenges, passwords, sessions, throttle
from backoffice.auth.actors import lock_own_row
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

REASON = "confirmation"
WRONG: str = _l("This is not right. Enter your password, or a code of your authenticator app.")


def confirm(*, actor: Actor, password: str, code: str, origin: Origin, settings: Settings) -> str:
    """Confirm the actor's session for some minutes, and return its new value.

    Every attempt is recorded: commit whether it returns or raises. Raises RuleBroken if the
    password or the code is wrong, TooMany, or SignedOut if the session has ended meanwhile.
    """
    if actor.session_id is None:
        raise RuleBroken(
            _("Only somebody who is signed in in a browser can confirm that it is them.")
        )
    user = db.session.get_one(User, actor.user_id)
    factor = "password" if password else "code"
    attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor=factor)
    # Hashing takes long, and comes before the person is locked.
    proof = passwords.prove(user, password, settings) if password else None
    user = lock_own_row(actor)
    if password:
        is_right = proof is not None and passwords.accept(proof) is not None
    else:
        is_right = challenges.redeem_code(user, code, settings)
    attempts.record_result(attempt, "ok" if is_right else "failed", REASON)
    if not is_right:
        raise RuleBroken(WRONG, field="confirm_password" if password else "confirm_code")
    return sessions.renew(actor.session_id, user, confirmed=True)
