"""One's own e-mail address: asked for here, confirmed at the new one, told to the old one."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice import clock, events
from backoffice.auth import links, notices, revocation, sessions, throttle, tokens
from backoffice.auth.actors import themselves
from backoffice.auth.attempts import Key, Origin
from backoffice.errors import Expired, NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.people import users
from backoffice.policy.actor import Actor
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import address_key, duration

LINK = links.Kind("email_change", "account/email", "email_change_valid")
LONGEST = 254
TAKEN = "Somebody else has this address by now, so it cannot become yours."


def ask(*, actor: Actor, email: str, origin: Origin, settings: Settings) -> None:
    """Ask for a link at the new address; until it is used there, everything stays as it is.

    Whether the address is free is found out later, by the worker: nobody can tell by the answer or by waiting.
    Raises ConfirmationNeeded, RuleBroken with the field email, or TooMany; that try is recorded too, so commit then.
    """
    require_recent(actor)
    user = db.session.get_one(User, actor.user_id)
    if user.login_method != "email":
        raise RuleBroken("You sign in with a login, not with an e-mail address.", field="email")
    address = users.email_of(email)
    if (key := address_key(address)) == user.email_key:
        raise RuleBroken("This is your address already.", field="email")
    if len(key) > LONGEST:  # folding may make an address longer
        raise RuleBroken("Use a shorter address.", field="email")
    _count(user, origin, settings)  # before the person is locked, as everywhere
    user = themselves(actor)
    tokens.supersede(select(User.id).where(User.id == user.id), LINK.purpose)
    asked = {"credential_version": str(user.credential_version)}
    outbox.queue(
        [OutgoingMail(purpose=LINK.purpose, address=address, user_id=user.id, request=asked)],
        settings,
    )


@outbox.prepared(LINK.purpose, worth=LINK.setting)
def _find_out(message: Message, settings: Settings) -> bool:
    """A link where the address is nobody's, nothing else was asked for since, and whoever asked might ask again."""
    user = db.session.get(User, message.user_id, with_for_update=True) if message.user_id else None
    if user is None or user.status != "active" or _is_taken(message.address):
        return False
    if outbox.request_of(message, settings).get("credential_version") != str(
        user.credential_version
    ):
        return False
    newer = (Message.user_id == user.id, Message.purpose == LINK.purpose, Message.id > message.id)
    if db.session.scalar(select(Message.id).where(*newer).limit(1)):
        return False
    valid = LINK.valid(settings)
    issued = tokens.issue(
        user=user,
        purpose=LINK.purpose,
        valid=valid,
        sent_to=message.address,
        version=user.credential_version,
    )
    message.token_id = issued.token_id
    outbox.seal_values(
        message, {"link": LINK.url(issued, settings), "valid": duration(valid)}, settings
    )
    return True


def whose(value: str) -> User:
    """Whoever asked for the link. Raises NotFound or Expired unless it works. Looking uses nothing up."""
    return db.session.get_one(User, tokens.find(value=value, purpose=LINK.purpose).user_id)


def look(*, actor: Actor, value: str) -> str:
    """The address that the link would make the actor's. Looking uses nothing up.

    Raises NotFound or Expired for the link, NotAllowed where it is somebody else's.
    """
    user = db.session.get_one(User, actor.user_id)
    return _own(user, tokens.find(value=value, purpose=LINK.purpose)).sent_to


def confirm(*, actor: Actor, value: str, origin: Origin, settings: Settings) -> str:
    """Use the link: the new address signs in from now on, other sessions end and other links die.

    The new value of one's own session, for the old one opens nothing any more. Raises NotFound, Expired or NotAllowed
    for the link, RuleBroken where somebody was faster.
    """
    look(actor=actor, value=value)
    user = themselves(actor)  # the person first, as actions do; the link is read anew
    token = _own(user, tokens.find(value=value, purpose=LINK.purpose, for_use=True))
    old = user.email or ""
    _take(user, token.sent_to)
    token.used_at = user.email_verified_at = clock.now()
    user.version += 1
    db.session.flush()
    own = select(User.id).where(User.id == user.id)
    revocation.void(own, change="address", reason="e-mail changed", keep=actor.session_id)
    notices.email_changed(user, old, origin, settings)
    before, after = {"email": old}, {"email": user.email}
    events.record(
        actor=actor,
        action="account.change_email",
        subject=events.subject_of(user),
        before=before,
        after=after,
    )
    return sessions.renew(actor.session_id or 0, user, confirmed=False)


def _count(user: User, origin: Origin, settings: Settings) -> None:
    """Nobody has mails sent to whom they like, over and over. Raises TooMany."""
    throttle.count(
        Key.of_email_change(user), user, origin, settings, reason="e-mail change asked for"
    )


def _own(user: User, token: Token) -> Token:
    if token.user_id != user.id:
        raise NotAllowed(
            "This link belongs to another account. Sign in with that one, then open the link again."
        )
    if token.credential_version != user.credential_version:
        raise Expired(
            "Your account was changed since you asked for this link. Ask for a new one on your profile."
        )
    return token


def _take(user: User, address: str) -> None:
    """Of two people who confirm one address, the first has it."""
    if _is_taken(address):
        raise RuleBroken(TAKEN)
    try:
        with db.session.begin_nested():
            user.set_email(address)
            db.session.flush()
    except IntegrityError as error:
        raise RuleBroken(TAKEN) from error


def _is_taken(address: str) -> bool:
    return (
        db.session.scalar(select(User.id).where(User.email_key == address_key(address))) is not None
    )
