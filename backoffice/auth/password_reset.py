"""A forgotten password: a link to whoever may have one, and the same answer to everybody who asks."""

from datetime import timedelta

from sqlalchemy import func, select

from backoffice import clock, events
from backoffice.auth import (
    admission,
    attempts,
    links,
    notices,
    passwords,
    revocation,
    throttle,
    tokens,
)
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db, pause
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import duration

MAILS_PER_PERSON = 3  # mails to one person within
MAILS_WITHIN = timedelta(minutes=10)


def ask(*, identifier: str, origin: Origin, settings: Settings) -> None:
    """Ask for a link. Whether there is such an account is found out later, by the worker: nobody can tell by waiting.

    Raises TooMany; that try is recorded too, so commit whatever comes of it.
    """
    typed = attempts.identifier_of(identifier)
    throttle.count(
        Key.of_identifier(typed, settings), None, origin, settings, reason="password link asked for"
    )
    found_by = attempts.identifier_hashes(typed, settings)[0]
    outbox.queue(
        [OutgoingMail(purpose="password_reset", address=found_by, request={"typed": typed})],
        settings,
    )


@outbox.prepared("password_reset", worth="reset_valid")
def _find_out(message: Message, settings: Settings) -> bool:
    """A link for whoever signs in with this address, now; mail goes to the address that they gave us."""
    typed = outbox.request_of(message, settings).get("typed", "")
    user = db.session.scalar(select(User).where(User.email_key == typed).with_for_update())
    if user is None or not user.email or user.status != "active" or user.login_method != "email":
        return False
    lately = (Message.purpose == "password_reset", Message.created_at > clock.now() - MAILS_WITHIN)
    if (
        db.session.scalar(select(func.count()).where(Message.user_id == user.id, *lately)) or 0
    ) >= MAILS_PER_PERSON:
        return False
    kind = links.PASSWORD
    issued = tokens.issue(user=user, purpose=kind.purpose, valid=kind.valid(settings))
    message.user_id, message.address, message.token_id = user.id, user.email, issued.token_id
    values = {"link": kind.url(issued, settings), "valid": duration(kind.valid(settings))}
    outbox.seal_values(message, values, settings)
    return True


def look(value: str) -> User:
    """Whose password the link resets. Raises NotFound or Expired unless it works. Looking uses nothing up."""
    return db.session.get_one(User, tokens.find(value=value, purpose="password_reset").user_id)


def reset(*, value: str, new_password: str, origin: Origin, settings: Settings) -> None:
    """Use the link: a new password, and every session ends. The second factor stays as it is.

    Raises NotFound or Expired for the link, RuleBroken (field new_password) for the password.
    """
    user = look(value)
    _require_usable(user, origin)
    passwords.check(user, new_password, settings)
    pause()
    hashed = passwords.hashed(new_password, settings)
    user = db.session.get_one(User, user.id, with_for_update=True, populate_existing=True)
    token = tokens.find(value=value, purpose="password_reset", for_use=True)
    _require_usable(user, origin)
    passwords.check(user, new_password, settings)  # their second factor may be gone by now
    passwords.put(user, hashed)
    token.used_at = clock.now()
    user.email_verified_at = user.email_verified_at or clock.now()
    user.version += 1
    own = select(User.id).where(User.id == user.id)
    revocation.void(own, change="password", reason="password reset")
    notices.password_changed(user, origin, settings)
    themselves = Actor(user.id, user.email or "", ip=origin.ip)
    events.record(
        actor=themselves, action="account.reset_password", subject=events.subject_of(user)
    )


def _require_usable(user: User, origin: Origin) -> None:
    if user.status != "active" or user.login_method != "email":
        raise RuleBroken("This account cannot be used at the moment. Ask your administrator.")
    admission.require_place(user, origin.ip)
