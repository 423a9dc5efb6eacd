"""Invitations: sent, accepted by the person alone, and asked for again by whoever holds an old link."""

from collections.abc import Mapping
from datetime import timedelta

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
    """Mail each of `people` an invitation; the one before no longer works."""
    return links.send(links.INVITATION, people, settings, values={"inviter": inviter})


def look(value: str) -> User:
    """Whoever the link invites. Raises NotFound or Expired unless it works. Looking uses nothing up."""
    return db.session.get_one(User, tokens.find(value=value, purpose="invitation").user_id)


def accept(
    *, value: str, new_password: str, about: Mapping[str, str], origin: Origin, settings: Settings
) -> User:
    """Use an invitation: the person is active, with a password that only they know, and says what they are called.

    `about` may have what GIVEN names. Raises NotFound or Expired for the link, RuleBroken with the field it
    belongs to.
    """
    user = look(value)
    _require_waiting(user, origin)
    passwords.check(user, new_password, settings)
    pause()
    hashed = passwords.hashed(new_password, settings)
    # The person first, as actions do; whoever blocks them meanwhile has then withdrawn the link, which is read anew.
    user = db.session.get_one(User, user.id, with_for_update=True, populate_existing=True)
    token = tokens.find(value=value, purpose="invitation", for_use=True)
    _require_waiting(user, origin)
    _introduce(user, about)
    passwords.check(user, new_password, settings)  # which must not be what they are called
    passwords.put(user, hashed)
    token.used_at = user.email_verified_at = clock.now()
    user.status, user.version = "active", user.version + 1
    themselves = Actor(user.id, user.email or "", ip=origin.ip)
    events.record(actor=themselves, action="invitations.accept", subject=events.subject_of(user))
    return user


def ask_again(*, value: str, origin: Origin, settings: Settings) -> None:
    """Ask for a new invitation in place of `value`. Whoever sent the old one is told; the answer is always the same.

    Whether there was such a link is found out later, by the worker: nobody can tell by waiting.
    Raises TooMany.
    """
    throttle.count(Key.of_link(digest(value)), None, origin, settings, reason=ASKED_AGAIN)
    outbox.queue([OutgoingMail(purpose="invitation_renewal", address=digest(value))], settings)


@outbox.prepared("invitation_renewal", worth="invitation_valid")
def _tell_inviter(message: Message, settings: Settings) -> bool:
    """Only where the person still waits, and only where somebody is there who invited them; of one link once a day."""
    token = db.session.scalar(select(Token).where(Token.value_hash == message.address))
    user = db.session.get(User, token.user_id) if token and token.purpose == "invitation" else None
    inviter = user.created_by if user and user.status == "invited" else None
    if (
        token is None
        or user is None
        or inviter is None
        or inviter.status != "active"
        or not inviter.email
    ):
        return False
    if _was_told(token, message):
        return False
    message.user_id, message.address = inviter.id, inviter.email
    link = f"{settings.base_url}/admin/users/{user.id}"
    outbox.seal_values(message, {"person": user.name, "link": link}, settings)
    return True


def _was_told(token: Token, message: Message) -> bool:
    """Whether the same link was asked about shortly before: nobody's mailbox is filled by somebody else's clicks."""
    asked = select(func.count()).where(
        SignInAttempt.throttle_key == str(Key.of_link(token.value_hash)),
        SignInAttempt.reason == ASKED_AGAIN,
        SignInAttempt.at.between(message.created_at - RENEWED_EVERY, message.created_at),
    )
    return (db.session.scalar(asked) or 0) > 1  # one is the message's own


def _require_waiting(user: User, origin: Origin) -> None:
    if user.status != "invited":
        raise RuleBroken("This account is not waiting for an invitation any more.")
    admission.require_place(user, origin.ip)


def _introduce(user: User, about: Mapping[str, str]) -> None:
    given = {name: texts.kept(about[name], field=name) for name in GIVEN if about.get(name)}
    if any(given.get(name) for name in ("first_name", "last_name")):
        user.name_source = "self"
    for name, text in given.items():
        setattr(user, name, text)
