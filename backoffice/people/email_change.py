"""Change one's own e-mail address, which is confirmed at the new one and told to the old one."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice import clock, events
from backoffice.auth import links, revocation, security_notifications, sessions, throttle, tokens
from backoffice.auth.actors import lock_own_row
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.people import users
from backoffice.policy.actor import Actor
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import N_, address_key

LINK_TYPE = links.EMAIL_CHANGE
LONGEST = 254
TAKEN: str = _l("Somebody else has this address by now, so it cannot become yours.")


def ask(*, actor: Actor, email: str, origin: Origin, settings: Settings) -> None:
    """Ask for a link at the new address; until it is used there, everything stays as it is.

    The worker finds out later whether the address is free: neither the answer nor its timing tells.
    Raises ConfirmationNeeded, RuleBroken (field email) or TooMany. Commit after TooMany as well,
    since that try is recorded.
    """
    require_recent(actor)
    user = db.session.get_one(User, actor.user_id)
    if user.login_method != "email":
        message = _("You sign in with a login, not with an e-mail address.")
        raise RuleBroken(message, field="email")
    address = _checked_address(user, email)
    # Counting takes the throttle's locks, which everywhere come before the lock on the person.
    _count(user, origin, settings)
    user = lock_own_row(actor)
    tokens.supersede(user.alone(), LINK_TYPE.purpose)
    mail = OutgoingMail(
        purpose=LINK_TYPE.requested_mail,
        address=address,
        user_id=user.id,
        request={"credential_version": str(user.credential_version)},
    )
    outbox.queue([mail], settings)


def _checked_address(user: User, email: str) -> str:
    """Return the address as it is stored. Raises RuleBroken if it cannot become the person's."""
    address = users.email_of(email)
    key = address_key(address)
    if key == user.email_key:
        raise RuleBroken(_("This is your address already."), field="email")
    if len(key) > LONGEST:  # folding may make an address longer
        raise RuleBroken(_("Use a shorter address."), field="email")
    return address


@outbox.prepared(LINK_TYPE.requested_mail)
def _prepare(message: Message, settings: Settings) -> bool:
    """Put a new link into the mail, or return False if it must not be sent."""
    if message.user_id is None:
        return False
    user = db.session.get(User, message.user_id, with_for_update=True)
    if user is None or not _is_still_wanted(user, message, settings):
        return False
    links.put_into(message, LINK_TYPE, user, settings)
    return True


def _is_still_wanted(user: User, message: Message, settings: Settings) -> bool:
    """Return whether the person may still have the address, and asked for nothing else since."""
    if not LINK_TYPE.is_for(user) or _is_taken(message.address):
        return False
    request = outbox.request_of(message, settings)
    if request.get("credential_version") != str(user.credential_version):
        return False
    newer = select(Message.id).where(
        Message.user_id == user.id,
        Message.purpose == LINK_TYPE.requested_mail,
        Message.id > message.id,
    )
    return db.session.scalar(newer.limit(1)) is None


def new_address(*, actor: Actor, value: str, origin: Origin) -> str:
    """Return the address that the link would make the actor's, without using it up.

    Raises NotFound or Expired for the link, and NotAllowed if it is somebody else's.
    """
    return links.open_link(LINK_TYPE, value=value, origin=origin, actor=actor).token.sent_to


def confirm(*, actor: Actor, value: str, origin: Origin, settings: Settings) -> str:
    """Use the link: the new address signs in from now on, other sessions and links end.

    Return the new value of the actor's own session, since the old one is void. Raises NotFound,
    Expired or NotAllowed for the link, and RuleBroken if somebody else took the address before.
    """
    with links.using(LINK_TYPE, value=value, origin=origin, actor=actor) as link:
        user = link.user
        old = user.email or ""
        _take(user, link.token.sent_to)
        user.email_verified_at = clock.now()
        user.version += 1
        db.session.flush()
        _announce(actor, user, old, origin, settings)
    return sessions.renew(actor.session_id or 0, user, confirmed=False)


def _announce(actor: Actor, user: User, old: str, origin: Origin, settings: Settings) -> None:
    """End the other sessions and links, tell the old address, and record the event."""
    own = user.alone()
    revocation.void(own, change="address", reason=N_("e-mail changed"), keep=actor.session_id)
    security_notifications.email_changed(user, old, origin, settings)
    events.record(
        actor=actor,
        action="account.change_email",
        subject=events.subject_of(user),
        before={"email": old},
        after={"email": user.email},
    )


def _count(user: User, origin: Origin, settings: Settings) -> None:
    """Limit how many mails a person can cause to arbitrary addresses. Raises TooMany."""
    key = Key.of_email_change(user)
    throttle.count(key, user, origin, settings, reason="e-mail change asked for")


def _take(user: User, address: str) -> None:
    """Give the person the address. Raises RuleBroken if somebody else has it or is faster."""
    if _is_taken(address):
        raise RuleBroken(TAKEN)
    try:
        with db.session.begin_nested():
            user.set_email(address)
            db.session.flush()
    except IntegrityError as error:
        raise RuleBroken(TAKEN) from error


def _is_taken(address: str) -> bool:
    owner = select(User.id).where(User.email_key == address_key(address))
    return db.session.scalar(owner) is not None
