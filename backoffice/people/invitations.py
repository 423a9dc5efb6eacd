"""Send invitations, accept them, and ask for a new one with an old link."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, select

from backoffice import clock, events
from backoffice.auth import links, passwords, throttle
from backoffice.auth.attempts import Key, Origin
from backoffice.auth.sessions import digest
from backoffice.auth.tokens import Issued
from backoffice.data import texts
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.node import Node
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.transactions import pause

LINK_TYPE = links.INVITATION
GIVEN = ("first_name", "last_name", "language")  # what an invited person may say about themselves
ASKED_AGAIN = "invitation asked for"
RENEWED_EVERY = timedelta(days=1)


def send(people: Select[int], *, inviter: str, settings: Settings) -> list[Issued]:
    """Mail each of `people` an invitation, and end the one before.

    It is valid as long as their node says, or else as everywhere.
    """
    of_people = select(Node.invitation_hours).join(User, User.node_id == Node.id)
    issued = []
    for hours in db.session.scalars(of_people.where(User.id.in_(people)).distinct()).all():
        valid = timedelta(hours=hours) if hours else settings.invitation_valid
        those = people.where(_valid_for(hours))
        own = replace(settings, invitation_valid=valid)
        issued += links.send(LINK_TYPE, those, own, values={"inviter": inviter})
    return issued


def _valid_for(hours: int | None) -> ColumnElement[bool]:
    """SQL: whether the invitation of the user is valid for so many hours, by their node."""
    nodes = select(Node.id).where(Node.invitation_hours.is_not_distinct_from(hours))
    return User.node_id.in_(nodes)


def accept(
    *, value: str, new_password: str, about: Mapping[str, str], origin: Origin, settings: Settings
) -> User:
    """Use an invitation: the person becomes active, with the password and the name they chose.

    `about` may have the keys in GIVEN. Raises NotFound or Expired for the link, and RuleBroken with
    the field it belongs to.
    """
    user = links.open_link(LINK_TYPE, value=value, origin=origin).user
    passwords.check(user, new_password, settings)
    pause()  # hashing takes long, so no lock is held meanwhile
    hashed = passwords.hashed(new_password, settings)
    with links.using(LINK_TYPE, value=value, origin=origin) as link:
        user = link.user
        _introduce(user, about)
        passwords.check(user, new_password, settings)  # again: it must not be the new name either
        passwords.store_hashed(user, hashed)
        _activate(user)
        events.record(
            actor=link.actor(origin),
            action="invitations.accept",
            subject=events.subject_of(user),
        )
    return user


def _activate(user: User) -> None:
    user.email_verified_at = clock.now()
    user.status = "active"
    user.version += 1


def ask_again(*, value: str, origin: Origin, settings: Settings) -> None:
    """Ask the inviter for a new invitation in place of the link `value`.

    The worker finds out later whether there was such a link: neither the answer nor its timing
    tells. Raises TooMany.
    """
    throttle.count(Key.of_link(digest(value)), None, origin, settings, reason=ASKED_AGAIN)
    outbox.queue([OutgoingMail(purpose=mails.INVITATION_RENEWAL, address=digest(value))], settings)


@outbox.prepared(mails.INVITATION_RENEWAL)
def _prepare_renewal(message: Message, settings: Settings) -> bool:
    """Address the mail to the inviter, or return False if it must not be sent.

    It is sent only if the person still waits and the inviter is active, and once a day for a link.
    """
    token = db.session.scalar(select(Token).where(Token.value_hash == message.address))
    if token is None or token.purpose != LINK_TYPE.purpose:
        return False
    user = db.session.get(User, token.user_id)
    if user is None or not LINK_TYPE.is_for(user):
        return False
    inviter = user.created_by
    if inviter is None or inviter.status != "active" or not inviter.email:
        return False
    if _was_mailed_recently(token, message):
        return False
    message.user_id = inviter.id
    message.address = inviter.email
    link = f"{settings.base_url}/admin/users/{user.id}"
    outbox.seal_values(message, {"person": user.name, "link": link}, settings)
    return True


def _was_mailed_recently(token: Token, message: Message) -> bool:
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


def _introduce(user: User, about: Mapping[str, str]) -> None:
    given = {name: texts.normalised(about[name], field=name) for name in GIVEN if about.get(name)}
    if given.get("first_name") or given.get("last_name"):
        user.name_source = "self"
    for name, text in given.items():
        setattr(user, name, text)
