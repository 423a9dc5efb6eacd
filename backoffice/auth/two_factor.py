"""Switch a person's second factor on, change it, and switch it off.

People do this themselves while they are signed in, or by a link that they were sent.
"""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice import events
from backoffice.auth import (
    attempts,
    links,
    passwords,
    recovery_codes,
    revocation,
    security_notifications,
    sessions,
    throttle,
    totp,
)
from backoffice.auth.actors import lock_own_row
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy import second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import N_

WRONG_CODE: str = _l(
    "This code does not fit. "
    "Wait for the next one and enter that; the clock of the phone must be right."
)
BY_LINK = "enrolment link"
ENROLMENT = "enrolment"
CHANGED = {
    "totp": N_("An authenticator app is now asked for at every sign-in."),
    "email": N_("Codes by e-mail are now asked for at every sign-in."),
    "disabled": N_("No second factor is asked for any more."),
}


@dataclass(frozen=True)
class Enabled:
    """The result of enabling a factor.

    `codes` are recovery codes, to be shown once, and `session` is the new value of the actor's own
    session.
    """

    codes: list[str]
    session: str


def start_enrolment(*, actor: Actor, settings: Settings) -> None:
    """Make a secret for a new authenticator app.

    Nothing changes until a code of it is confirmed.
    """
    require_recent(actor)
    totp.generate(lock_own_row(actor), settings)


def confirm(*, actor: Actor, shown: str, code: str, origin: Origin, settings: Settings) -> Enabled:
    """Put the new authenticator app into use.

    `shown` names the secret of the page where the code was typed. Every attempt is recorded: commit
    whether it returns or raises. Raises RuleBroken (field code) if the code does not fit or if
    another secret was made since, or TooMany.
    """
    require_recent(actor)
    user = db.session.get_one(User, actor.user_id)
    attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor="code")
    user = lock_own_row(actor)
    codes = _put_into_use(user, code, settings, shown=shown, attempt=attempt, reason=ENROLMENT)
    session = _finish_change(actor, user, "totp", settings)
    return Enabled(codes, session)


def use_email(*, actor: Actor, settings: Settings) -> Enabled:
    """Ask for a mailed code at sign-in from now on.

    Raises RuleBroken if the address is not confirmed, or if a group needs an authenticator app.
    """
    require_recent(actor)
    user = lock_own_row(actor)
    if not user.email or not user.email_verified_at:
        raise RuleBroken(
            _("Your e-mail address is not confirmed yet, so no code can be sent there.")
        )
    if second_factor.needs_app(user.groups, settings):
        raise RuleBroken(
            _("Your groups need an authenticator app; a code by e-mail is not enough.")
        )
    totp.delete_of(user.alone())
    user.two_factor = "email"
    codes = recovery_codes.renew(user)
    session = _finish_change(actor, user, "email", settings)
    return Enabled(codes, session)


def switch_off(*, actor: Actor, settings: Settings) -> str:
    """Ask for the password alone from now on; return the new value of the actor's own session.

    A password that was long enough only beside a second factor has to be changed then. Raises
    RuleBroken if one of the groups needs a second factor.
    """
    require_recent(actor)
    user = lock_own_row(actor)
    if second_factor.is_demanded(user) or second_factor.is_required(user.groups, settings):
        raise RuleBroken(
            _("Your groups need a second factor. You can change it, but not switch it off.")
        )
    own = user.alone()
    totp.delete_of(own)
    recovery_codes.delete_of(own)
    user.two_factor = "disabled"
    return _finish_change(actor, user, "disabled", settings)


def renew_recovery_codes(*, actor: Actor) -> list[str]:
    """Return ten new recovery codes, to be shown once; the old ones no longer work."""
    require_recent(actor)
    user = lock_own_row(actor)
    if user.two_factor == "disabled":
        raise RuleBroken(_("Recovery codes belong to a second factor: enable one first."))
    codes = recovery_codes.renew(user)
    events.record(
        actor=actor,
        action="account.renew_recovery_codes",
        subject=events.subject_of(user),
    )
    return codes


def begin_by_link(
    *, value: str, password: str, origin: Origin, settings: Settings
) -> tuple[User, str]:
    """Return the person whom an enrolment link belongs to, and the secret of their new app.

    They have to give their password, because access to the mailbox alone is not enough. Every
    attempt is recorded: commit whether it returns or raises. Raises NotFound or Expired for the
    link, TooMany, or RuleBroken (field password).
    """
    user, attempt = _enter_by_link(value, origin, settings, factor="password")
    proof = passwords.prove(user, password, settings)
    user = links.lock(links.ENROLMENT, value=value, origin=origin).user
    if proof is None or passwords.accept(proof) is None:
        attempts.record_result(attempt, "failed", "password")
        raise RuleBroken(_("This is not your password."), field="password")
    attempts.record_result(attempt, "ok", BY_LINK)
    totp.generate(user, settings)
    return user, totp.pending(user, settings) or ""


def confirm_by_link(
    *, value: str, shown: str, code: str, origin: Origin, settings: Settings
) -> list[str]:
    """Use the link up, put the new app into use, and return the recovery codes to show once.

    Somebody who has nothing but the link must not be able to guess the code, hence every attempt is
    recorded: commit whether it returns or raises. Raises NotFound or Expired for the link, TooMany,
    or RuleBroken (field code) if the code does not fit, or belongs to another secret than the page
    showed.
    """
    _user, attempt = _enter_by_link(value, origin, settings, factor="code")
    with links.using(links.ENROLMENT, value=value, origin=origin) as link:
        user = link.user
        codes = _put_into_use(user, code, settings, shown=shown, attempt=attempt, reason=BY_LINK)
        _finish_change(link.actor(origin), user, "totp", settings)
    return codes


def _enter_by_link(
    value: str, origin: Origin, settings: Settings, *, factor: str
) -> tuple[User, int]:
    """Return the person whom the link belongs to and the number of this attempt.

    Raises TooMany if this factor was tried too often.
    """
    user = links.open_link(links.ENROLMENT, value=value, origin=origin).user
    attempt = throttle.enter(Key.of_account(user), user, origin, settings, factor=factor)
    return user, attempt


def _put_into_use(
    user: User, code: str, settings: Settings, *, shown: str, attempt: int, reason: str
) -> list[str]:
    """Confirm the waiting secret with its code, and return new recovery codes."""
    # It is settled first, because the attempt must not stay under way if the next line raises.
    attempts.record_result(attempt, "failed", reason)
    if not totp.confirm(user, shown, code, settings):
        raise RuleBroken(WRONG_CODE, field="code")
    attempts.record_result(attempt, "ok", reason)
    user.two_factor = "totp"
    return recovery_codes.renew(user)


def _finish_change(actor: Actor, user: User, to: str, settings: Settings) -> str:
    """End the other sessions, tell the person, record the event, and renew the own session.

    Returns the new value of the own session, because the old one opens nothing any more.
    """
    own = user.alone()
    user.version += 1
    user.renew_credentials()  # one app may have taken the place of another
    revocation.void(own, change="factor", reason=N_("2FA changed"), keep=actor.session_id)
    security_notifications.two_factor_changed(user, CHANGED[to], settings)
    events.record(
        actor=actor,
        action="account.two_factor",
        subject=events.subject_of(user),
        after={"two_factor": to},
    )
    return sessions.renew(actor.session_id or 0, user, confirmed=False)
