"""Signing in: one answer for everyone who may not, whatever the reason; then the second factor, if there is one."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.services import admission, attempts, challenges, notices, passwords, sessions, throttle
from backoffice.services.attempts import From
from backoffice.settings import Settings

REFUSED = "The e-mail address or the password is not right."
ASKED = "second factor asked for"  # the reason of a right password that was only the first half


@dataclass(frozen=True)
class SignIn:
    """What came of a try: the new session's value, or that of a challenge, or the sentence that says why not."""

    session: str | None = None
    challenge: str | None = None
    message: str = ""
    retry_after: int = 0


def sign_in(*, identifier: str, password: str, origin: From, settings: Settings) -> SignIn:
    """Try to sign in; every try is recorded, so commit whatever comes of it."""
    key = attempts.key_of(identifier)
    try:
        throttle.enter(key, None, origin, settings)
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    user = db.session.scalar(select(User).where(User.email_key == key)) if key else None
    right = passwords.matches(user, password[:1000], settings)
    if right and user:  # whoever blocks them at this moment is waited for
        db.session.flush()  # a hash that was renewed
        db.session.refresh(user, with_for_update=True)
    reason = admission.refusal(user, origin.ip) if right and user else "password"
    if user is None or reason:
        attempts.note(key, user, "failed" if reason == "password" else "blocked", reason, origin)
        return SignIn(message=REFUSED)
    if user.two_factor != "disabled":
        attempts.note(key, user, "ok", ASKED, origin)
        return SignIn(challenge=challenges.begin(user, settings))
    return _through(user, key, origin, settings, factor="password")


def second_factor(*, challenge: str, code: str, origin: From, settings: Settings) -> SignIn:
    """Answer a challenge with a code; every try is recorded, so commit whatever comes of it.

    Raises Expired where the challenge is over, so that one has to begin anew.
    """
    user = challenges.owner(challenge, origin)
    key = user.email_key or ""
    try:
        throttle.enter(key, user, origin, settings, factor="code")
    except TooMany as error:
        return SignIn(message=error.message, retry_after=error.retry_after)
    if refusal := challenges.answer(challenge, code, origin, settings):
        attempts.note(key, user, "failed", "code", origin, factor="code")
        return SignIn(message=refusal)
    return _through(user, key, origin, settings, factor="code")


def _through(user: User, key: str, origin: From, settings: Settings, *, factor: str) -> SignIn:
    if attempts.is_new_device(user, origin):
        notices.new_device(user, origin, settings)
    user.last_login_at = clock.now()
    attempts.note(key, user, "ok", "", origin, factor=factor)
    return SignIn(session=sessions.begin(user=user, settings=settings, ip=origin.ip, device=origin.device))
