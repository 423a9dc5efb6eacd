"""Signing in: one answer for everyone who may not, whatever the reason; then the second factor, if there is one."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice import clock
from backoffice.auth import (
    admission,
    attempts,
    challenges,
    links,
    notices,
    passwords,
    sessions,
    throttle,
    tokens,
)
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import Settings

REFUSED = "The e-mail address or the password is not right."
CHANGED = "changed meanwhile"  # the password was right a moment ago
ASKED = "second factor asked for"  # the reason of a right password that was only the first half


@dataclass(frozen=True)
class SignIn:
    """What came of a try: the new session's value and the browser's new mark, or that of a challenge, or why not."""

    session: str | None = None
    mark: str = ""
    challenge: str | None = None
    message: str = ""
    retry_after: int = 0


def sign_in(*, identifier: str, password: str, origin: Origin, settings: Settings) -> SignIn:
    """Try to sign in; every try is recorded, so commit whatever comes of it."""
    typed = attempts.identifier_of(identifier)
    user = db.session.scalar(select(User).where(User.email_key == typed)) if typed else None
    key = Key.of_account(user) if user else Key.of_identifier(typed, settings)
    try:
        attempt = throttle.enter(key, user, origin, settings)
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    proof = passwords.prove(user, password[:1000], settings)
    if proof is None:
        attempts.settle(attempt, "failed", "password")
        return SignIn(message=REFUSED)
    person = passwords.accept(proof)  # whoever blocks them at this moment is waited for
    reason = admission.refusal(person, origin.ip) if person else CHANGED
    if person is None or reason:
        attempts.settle(attempt, "blocked", reason)
        return SignIn(message=REFUSED)
    if person.two_factor != "disabled":
        attempts.settle(attempt, "ok", ASKED)
        return SignIn(challenge=challenges.begin(person, settings))
    return _through(person, attempt, origin, settings)


def second_factor(*, challenge: str, code: str, origin: Origin, settings: Settings) -> SignIn:
    """Answer a challenge with a code; every try is recorded, so commit whatever comes of it.

    Raises Expired where the challenge is over, so that one has to begin anew.
    """
    user = challenges.owner(challenge, origin)
    try:
        attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor="code")
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    if refusal := challenges.answer(challenge, code, origin, settings):
        attempts.settle(attempt, "failed", "code")
        return SignIn(message=refusal)
    return _through(user, attempt, origin, settings)


def _through(user: User, attempt: int, origin: Origin, settings: Settings) -> SignIn:
    """Let the person in, who is locked. Whoever knows the password needs no link to choose another one."""
    if attempts.is_new_device(user, origin):
        notices.new_device(user, origin, settings)
    user.last_login_at = clock.now()
    tokens.revoke_all(select(User.id).where(User.id == user.id), purpose=links.PASSWORD.purpose)
    mark = attempts.let_through(attempt, user, origin)
    session = sessions.begin(user=user, settings=settings, ip=origin.ip, device=origin.device)
    return SignIn(session=session, mark=mark)
