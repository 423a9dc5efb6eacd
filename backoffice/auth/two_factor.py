"""A person's second factor: switched on, changed and switched off; by themselves, or by a link they were sent."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice import clock, events
from backoffice.auth import (
    admission,
    attempts,
    notices,
    passwords,
    recovery_codes,
    revocation,
    sessions,
    throttle,
    tokens,
    totp,
)
from backoffice.auth.actors import themselves
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.policy import second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import noted

WRONG_CODE = "This code does not fit. Wait for the next one and enter that; the clock of the phone must be right."
BY_LINK, ENROLMENT = "enrolment link", "enrolment"
CHANGED = {
    "totp": noted("An authenticator app is now asked for at every sign-in."),
    "email": noted("Codes by e-mail are now asked for at every sign-in."),
    "disabled": noted("No second factor is asked for any more."),
}


@dataclass(frozen=True)
class Enabled:
    """What came of enabling a factor: recovery codes, to be shown once, and the new value of one's own session."""

    codes: list[str]
    session: str


def begin(*, actor: Actor, settings: Settings) -> None:
    """Make a secret for a new authenticator app. Nothing changes until a code of it is confirmed."""
    require_recent(actor)
    totp.begin(themselves(actor), settings)


def confirm(*, actor: Actor, shown: str, code: str, origin: Origin, settings: Settings) -> Enabled:
    """Put the new authenticator app into use.

    `shown` names the secret of the page where the code was typed. Every try is recorded: commit whatever comes of it.
    Raises RuleBroken (field code) if the code does not fit, or if another secret was made since; or TooMany.
    """
    require_recent(actor)
    user = db.session.get_one(User, actor.user_id)
    attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor="code")
    user = themselves(actor)
    codes = _put_into_use(user, code, settings, shown=shown, attempt=attempt, reason=ENROLMENT)
    return Enabled(codes, _changed(actor, user, "totp", settings))


def use_email(*, actor: Actor, settings: Settings) -> Enabled:
    """Ask for a mailed code at sign-in."""
    require_recent(actor)
    user = themselves(actor)
    if not user.email or not user.email_verified_at:
        raise RuleBroken("Your e-mail address is not confirmed yet, so no code can be sent there.")
    if second_factor.needs_app(user.groups, settings):
        raise RuleBroken("Your groups need an authenticator app; a code by e-mail is not enough.")
    totp.forget(select(User.id).where(User.id == user.id))
    user.two_factor = "email"
    return Enabled(recovery_codes.renew(user), _changed(actor, user, "email", settings))


def switch_off(*, actor: Actor, settings: Settings) -> str:
    """Sign in with the password alone from now on; the new value of one's own session.

    A password that was long enough beside a second factor only has to be changed then. Raises RuleBroken if one of the
    groups needs a second factor.
    """
    require_recent(actor)
    user = themselves(actor)
    if second_factor.is_required(user.groups, settings):
        raise RuleBroken(
            "Your groups need a second factor. You can change it, but not switch it off."
        )
    own = select(User.id).where(User.id == user.id)
    totp.forget(own)
    recovery_codes.forget(own)
    user.two_factor = "disabled"
    return _changed(actor, user, "disabled", settings)


def renew_recovery_codes(*, actor: Actor) -> list[str]:
    """Ten new recovery codes, to be shown once; the old ones no longer work."""
    require_recent(actor)
    user = themselves(actor)
    if user.two_factor == "disabled":
        raise RuleBroken("Recovery codes belong to a second factor: enable one first.")
    codes = recovery_codes.renew(user)
    events.record(
        actor=actor, action="account.renew_recovery_codes", subject=events.subject_of(user)
    )
    return codes


def look(value: str) -> User:
    """Whose app the link sets up. Raises NotFound or Expired unless it works. Looking uses nothing up."""
    return db.session.get_one(
        User, tokens.find(value=value, purpose="two_factor_enrolment").user_id
    )


def begin_by_link(
    *, value: str, password: str, origin: Origin, settings: Settings
) -> tuple[User, str]:
    """The person behind an enrolment link and the secret of their new app, once they give their password.

    The mailbox alone is not enough. Every try is recorded: commit whatever comes of it. Raises NotFound or Expired
    for the link, TooMany, or RuleBroken (field password).
    """
    user, attempt = _counted(value, origin, settings, factor="password")
    proof = passwords.prove(user, password[:1000], settings)
    user, _token = _behind(value, origin, for_use=True)
    if proof is None or passwords.accept(proof) is None:
        attempts.settle(attempt, "failed", "password")
        raise RuleBroken("This is not your password.", field="password")
    attempts.settle(attempt, "ok", BY_LINK)
    totp.begin(user, settings)
    return user, totp.pending(user, settings) or ""


def confirm_by_link(
    *, value: str, shown: str, code: str, origin: Origin, settings: Settings
) -> list[str]:
    """Use the link up and put the new app into use; the recovery codes, to be shown once.

    Whoever has the link alone must not guess the code. Every try is recorded: commit whatever comes of it. Raises
    NotFound or Expired for the link, TooMany, or RuleBroken (field code) if the code does not fit, or belongs to
    another secret than the page showed.
    """
    attempt = _counted(value, origin, settings, factor="code")[1]
    user, token = _behind(value, origin, for_use=True)
    codes = _put_into_use(user, code, settings, shown=shown, attempt=attempt, reason=BY_LINK)
    token.used_at = clock.now()
    _changed(Actor(user.id, user.email or "", ip=origin.ip), user, "totp", settings)
    return codes


def _counted(value: str, origin: Origin, settings: Settings, *, factor: str) -> tuple[User, int]:
    """The person behind the link and the number of this try, unless this factor was tried too often."""
    user, _token = _behind(value, origin)
    return user, throttle.enter(Key.of_account(user), user, origin, settings, factor=factor)


def _behind(value: str, origin: Origin, *, for_use: bool = False) -> tuple[User, Token]:
    token = tokens.find(value=value, purpose="two_factor_enrolment")
    user = db.session.get_one(
        User, token.user_id, with_for_update=for_use or None, populate_existing=True
    )
    token = tokens.find(value=value, purpose="two_factor_enrolment", for_use=for_use)
    if user.status != "active":
        raise RuleBroken("This account cannot be used at the moment.")
    admission.require_place(user, origin.ip)
    return user, token


def _put_into_use(
    user: User, code: str, settings: Settings, *, shown: str, attempt: int, reason: str
) -> list[str]:
    attempts.settle(
        attempt, "failed", reason
    )  # whatever is raised here: the try is not under way any more
    if not totp.confirm(user, shown, code, settings):
        raise RuleBroken(WRONG_CODE, field="code")
    attempts.settle(attempt, "ok", reason)
    user.two_factor = "totp"
    return recovery_codes.renew(user)


def _changed(actor: Actor, user: User, to: str, settings: Settings) -> str:
    """What every change brings: other sessions end, the person is told, and the events say so.

    The new value of one's own session, for the old one opens nothing any more.
    """
    own = select(User.id).where(User.id == user.id)
    user.version += 1
    user.renew_credentials()  # one app may have taken the place of another
    revocation.void(own, change="factor", reason="2FA changed", keep=actor.session_id)
    notices.two_factor_changed(user, CHANGED[to], settings)
    events.record(
        actor=actor,
        action="account.two_factor",
        subject=events.subject_of(user),
        after={"two_factor": to},
    )
    return sessions.renew(actor.session_id or 0, user, confirmed=False)
