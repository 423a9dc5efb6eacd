"""Sign people in: by their password, and by a second factor if they have one.

Everyone who may not sign in gets the same answer, no matter what the reason is.
"""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import clock
from backoffice.auth import (
    admission,
    attempts,
    challenges,
    links,
    passwords,
    security_notifications,
    sessions,
    throttle,
)
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.passwords import Proof
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.node import Node
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import N_

REFUSED = N_("The e-mail address or the password is not right.")
CHANGED = "changed meanwhile"  # the password was right a moment ago
ASKED = "second factor asked for"  # the reason of a right password that was only the first half


@dataclass(frozen=True)
class SignIn:
    """The result of an attempt to sign in.

    After a sign-in, `session` is the value of the new session and `mark` the new mark of the
    browser. If a second factor is needed, `challenge` is the value of its challenge. Otherwise
    `message` is the refusal, and `retry_after` the seconds to wait if there were too many attempts.
    """

    session: str | None = None
    mark: str = ""
    challenge: str | None = None
    message: str = ""
    retry_after: int = 0


def sign_in(*, identifier: str, password: str, origin: Origin, settings: Settings) -> SignIn:
    """Try to sign in with a password.

    Every attempt is recorded, so commit whatever the result is.
    """
    typed = attempts.identifier_of(identifier)
    user = _find_user(typed)
    key = Key.of_account(user) if user else Key.of_identifier(typed, settings)
    try:
        attempt = throttle.enter(key, user, origin, settings)
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    proof = passwords.prove(user, password, settings)
    if proof is None:
        attempts.record_result(attempt, "failed", "password")
        return SignIn(message=_(REFUSED))
    return _accept(proof, attempt, origin, settings)


def _find_user(typed: str) -> User | None:
    """Return the user who signs in with this normalised address, or None.

    A login counts where the person's node lets those who have one sign in on the web.
    """
    if not typed:
        return None
    if "@" in typed:
        return db.session.scalar(select(User).where(User.email_key == typed))
    by_login = select(User).join(User.node).where(User.login_key == typed, Node.web_sign_in)
    return db.session.scalar(by_login)


def _accept(proof: Proof, attempt: int, origin: Origin, settings: Settings) -> SignIn:
    """Let the person with the right password in, unless they may not or need a second factor."""
    person = passwords.accept(proof)  # waits for somebody who is blocking them at this moment
    reason = admission.refusal(person, origin.ip) if person else CHANGED
    if person is None or reason:
        attempts.record_result(attempt, "blocked", reason)
        return SignIn(message=_(REFUSED))
    if person.two_factor != "disabled":
        attempts.record_result(attempt, "ok", ASKED)
        return SignIn(challenge=challenges.create(person, settings))
    return _begin_session(person, attempt, origin, settings)


def second_factor(*, challenge: str, code: str, origin: Origin, settings: Settings) -> SignIn:
    """Answer a challenge with a code.

    Every attempt is recorded, so commit whatever the result is. Raises Expired if the challenge is
    over: the person has to begin anew.
    """
    user = challenges.owner(challenge, origin)
    try:
        attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor="code")
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    refusal = challenges.answer(challenge, code, origin, settings)
    if refusal:
        attempts.record_result(attempt, "failed", "code")
        return SignIn(message=refusal)
    return _begin_session(user, attempt, origin, settings)


def _begin_session(user: User, attempt: int, origin: Origin, settings: Settings) -> SignIn:
    """Begin a session for the person, whose row is locked by the caller."""
    # This has to be asked before the attempt is settled as a sign-in from this browser.
    if attempts.is_new_device(user, origin):
        security_notifications.new_device(user, origin, settings)
    user.last_login_at = clock.now()
    links.void(user.alone(), "sign_in")
    mark = attempts.record_sign_in(attempt, user, origin)
    session = sessions.create(user=user, settings=settings, ip=origin.ip, device=origin.device)
    return SignIn(session=session, mark=mark)
