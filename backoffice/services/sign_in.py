"""Signing in with a password: one answer for everyone who may not, whatever the reason."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.services import addresses, passwords, sessions, throttle
from backoffice.settings import Settings
from backoffice.text import address_key, cleaned

REFUSED = "The e-mail address or the password is not right."


@dataclass(frozen=True)
class From:
    """Where a request comes from: address, what the browser calls itself, and its long-lived random mark."""

    ip: str = ""
    device: str = ""
    mark: str = ""

    @property
    def device_key(self) -> str:
        return sessions.digest(self.mark) if self.mark else ""


@dataclass(frozen=True)
class SignIn:
    """What came of a try: the new session's value, or the sentence that says why not."""

    session: str | None = None
    message: str = ""
    retry_after: int = 0


def sign_in(*, identifier: str, password: str, origin: From, settings: Settings) -> SignIn:
    """Try to sign in; every try is recorded, so commit whatever comes of it."""
    key = address_key(cleaned(identifier))[:254]
    throttle.wait_turn(key, origin.ip)
    try:
        throttle.check(identifier_key=key, ip=origin.ip, device_key=origin.device_key, settings=settings)
    except TooMany as error:
        _note(key, None, "blocked", throttle.THROTTLED, origin)
        return SignIn(message=error.message, retry_after=error.retry_after)
    user = db.session.scalar(select(User).where(User.email_key == key)) if key else None
    right = passwords.matches(user, password[:1000], settings)
    reason = _refusal(user, origin) if right and user else "password"
    if user is None or reason:
        _note(key, user, "failed" if reason == "password" else "blocked", reason, origin)
        return SignIn(message=REFUSED)
    user.last_login_at = clock.now()
    _note(key, user, "ok", "", origin)
    return SignIn(session=sessions.begin(user=user, settings=settings, ip=origin.ip, device=origin.device))


def _refusal(user: User, origin: From) -> str:
    """Why someone with the right password may not in, for the list of attempts; '' if they may."""
    if user.status != "active":
        return user.status
    if user.login_method != "email":
        return "login method"
    if user.password_state != "usable" and not _temporary_in_time(user):
        return "password expired"
    return "" if addresses.admits(user.ip_whitelist, origin.ip) else "address"


def _temporary_in_time(user: User) -> bool:
    in_time = user.password_expires_at is None or user.password_expires_at > clock.now()
    return user.password_state == "temporary" and in_time


def _note(key: str, user: User | None, result: str, reason: str, origin: From) -> None:
    db.session.add(
        SignInAttempt(
            at=clock.now(),
            identifier_key=key,
            user_id=user.id if user else None,
            result=result,
            reason=reason,
            ip=origin.ip,
            device=origin.device[:200],
            device_key=origin.device_key,
        )
    )
    db.session.flush()
