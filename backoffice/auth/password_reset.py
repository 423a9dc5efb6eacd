"""Reset a forgotten password by a mailed link, and give everybody who asks the same answer."""

from datetime import timedelta

from sqlalchemy import func, select

from backoffice import clock, events
from backoffice.auth import (
    attempts,
    links,
    passwords,
    revocation,
    security_notifications,
    throttle,
)
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.passwords import Hashed
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import N_
from backoffice.transactions import pause

LINK_TYPE = links.PASSWORD
MAILS_PER_PERSON = 3  # within MAILS_WITHIN
MAILS_WITHIN = timedelta(minutes=10)


def ask(*, identifier: str, origin: Origin, settings: Settings) -> None:
    """Ask for a link.

    The worker finds out later whether there is such an account, hence nobody can tell from the time
    that this takes. Raises TooMany; that attempt is recorded too, so commit whether it returns or
    raises.
    """
    typed = attempts.identifier_of(identifier)
    key = Key.of_identifier(typed, settings)
    throttle.count(key, None, origin, settings, reason="password link asked for")
    # The address stays unknown until the worker looks. The hash stands for it meanwhile.
    newest_hash = attempts.identifier_hashes(typed, settings)[0]
    mail = OutgoingMail(
        purpose=LINK_TYPE.requested_mail, address=newest_hash, request={"typed": typed}
    )
    outbox.queue([mail], settings)


@outbox.prepared(LINK_TYPE.requested_mail)
def _prepare(message: Message, settings: Settings) -> bool:
    """Complete the message with a link, if somebody who may have one signs in with this address.

    It goes to the address that the person gave us, not to the one that was typed.
    """
    typed = outbox.request_of(message, settings).get("typed", "")
    user = db.session.scalar(select(User).where(User.email_key == typed).with_for_update())
    if user is None or not user.email or not LINK_TYPE.is_for(user):
        return False
    if _count_recent_mails(user) >= MAILS_PER_PERSON:
        return False
    message.user_id = user.id
    message.address = user.email
    links.put_into(message, LINK_TYPE, user, settings)
    return True


def _count_recent_mails(user: User) -> int:
    statement = select(func.count()).where(
        Message.user_id == user.id,
        Message.purpose == LINK_TYPE.requested_mail,
        Message.created_at > clock.now() - MAILS_WITHIN,
    )
    return db.session.scalar(statement) or 0


def reset(*, value: str, new_password: str, origin: Origin, settings: Settings) -> None:
    """Use the link up: set the new password and end every session.

    The second factor stays as it is. Raises NotFound or Expired for the link, and RuleBroken (field
    new_password) for the password.
    """
    user = links.open_link(LINK_TYPE, value=value, origin=origin).user
    passwords.check(user, new_password, settings)
    pause()  # hashing takes long, so no lock is held meanwhile
    hashed = passwords.hashed(new_password, settings)
    with links.using(LINK_TYPE, value=value, origin=origin) as link:
        user = link.user
        passwords.check(user, new_password, settings)  # their second factor may be gone by now
        _store_reset(user, hashed)
        security_notifications.password_changed(user, origin, settings)
        events.record(
            actor=link.actor(origin),
            action="account.reset_password",
            subject=events.subject_of(user),
        )


def _store_reset(user: User, hashed: Hashed) -> None:
    """Set the password, and end what was proved by the old one."""
    passwords.store_hashed(user, hashed)
    # The link came by mail, which proves that the person reads this address.
    user.email_verified_at = user.email_verified_at or clock.now()
    user.version += 1
    own = user.alone()
    revocation.void(own, change="password", reason=N_("password reset"))
