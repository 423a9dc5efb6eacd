"""Send invitations, accept them, and ask for a new one with an old link."""

from collections.abc import Mapping
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from backoffice import clock, events
from backoffice.auth import admission, links, passwords, throttle, tokens
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.sessions import digest
from backoffice.auth.tokens import Issued
from backoffice.data import texts
from backoffice.errors import RuleBroken
from backoffice.extensions import db, pause
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

GIVEN = ("first_name", "last_name", "language")  # what an invited person may say about themselves
ASKED_AGAIN = "invitation asked for"
RENEWED_EVERY = timedelta(days=1)


def send(people: Select[int], *, inviter: str, settings: Settings) -> list[Issued]:
    """Mail each of `people` an invitation, and end the one before."""
    return links.send(links.INVITATION, people, settings, values={"inviter": inviter})


def look(value: str) -> User:
    """Return the person whom the link invites, without using it up.

    Raises NotFound or Expired unless the link works.
    """
    token = tokens.find(value=value, purpose="invitation")
    return db.session.get_one(User, token.user_id)


def accept(
    *, value: str, new_password: str, about: Mapping[str, str], origin: Origin, settings: Settings
) -> User:
    """Use an invitation: the person becomes active, with the password and the name they chose.

    `about` may have the keys in GIVEN. Raises NotFound or Expired for the link, and RuleBroken with
    the field it belongs to.
    """
    user = look(value)
    _require_waiting(user, origin)
    passwords.check(user, new_password, settings)
    pause()
    hashed = passwords.hashed(new_password, settings)
    # The person is locked before the link, as actions do. The link is then read again: it is
    # withdrawn if somebody blocked the person meanwhile.
    user = db.session.get_one(User, user.id, with_for_update=True, populate_existing=True)
    token = tokens.find(value=value, purpose="invitation", for_use=True)
    _require_waiting(user, origin)
    _introduce(user, about)
    passwords.check(user, new_password, settings)  # again: it must not be the new name either
    passwords.put(user, hashed)
    _activate(user, token)
    themselves = Actor(user.id, user.email or "", ip=origin.ip)
    events.record(actor=themselves, action="invitations.accept", subject=events.subject_of(user))
    return user


def _activate(user: User, token: Token) -> None:
    now = clock.now()
    token.used_at = now
    user.email_verified_at = now
    user.status = "active"
    user.version += 1


def ask_again(*, value: str, origin: Origin, settings: Settings) -> None:
    """Ask the inviter for a new invitation in place of the link `value`.

    The worker finds out later whether there was such a link: neither the answer nor its timing
    tells. Raises TooMany.
    """
    throttle.count(Key.of_link(digest(value)), None, origin, settings, reason=ASKED_AGAIN)
    outbox.queue([OutgoingMail(purpose="invitation_renewal", address=digest(value))], settings)


@outbox.prepared("invitation_renewal", worth="invitation_valid")
def _prepare_renewal(message: Message, settings: Settings) -> bool:
    """Address the mail to the inviter, or return False if it must not be sent.

    It is sent only if the person still waits and the inviter is active, and once a day for a link.
    """
    token = db.session.scalar(select(Token).where(Token.value_hash == message.address))
    if token is None or token.purpose != "invitation":
        return False
    user = db.session.get(User, token.user_id)
    if user is None or user.status != "invited":
        return False
    inviter = user.created_by
    if inviter is None or inviter.status != "active" or not inviter.email:
        return False
    if _was_told(token, message):
        return False
    message.user_id = inviter.id
    message.address = inviter.email
    link = f"{settings.base_url}/admin/users/{user.id}"
    outbox.seal_values(message, {"person": user.name, "link": link}, settings)
    return True


def _was_told(token: Token, message: Message) -> bool:
    """Return whether somebody asked with the same link within RENEWED_EVERY before this message.

    Otherwise clicks on a link could fill the inviter's mailbox.
    """
    asked = select(func.count()).where(
        SignInAttempt.throttle_key == str(Key.of_link(token.value_hash)),
        SignInAttempt.reason == ASKED_AGAIN,
        SignInAttempt.at.between(message.created_at - RENEWED_EVERY, message.created_at),
    )
    number = db.session.scalar(asked) or 0
    return number > 1  # one is the message's own


def _require_waiting(user: User, origin: Origin) -> None:
    if user.status != "invited":
        raise RuleBroken(_("This account is not waiting for an invitation any more."))
    admission.require_place(user, origin.ip)


def _introduce(user: User, about: Mapping[str, str]) -> None:
    given = {name: texts.kept(about[name], field=name) for name in GIVEN if about.get(name)}
    if given.get("first_name") or given.get("last_name"):
        user.name_source = "self"
    for name, text in given.items():
        setattr(user, name, text)
