"""Mail links: their types, how they are sent, and how a person uses one, once.

Everything that a link grants is granted inside `using`, which decides on rows that nobody else can
change meanwhile. The order is the same for all: look without a lock, do what takes long, then lock
the person and the link, read both again, decide, act.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from backoffice import clock
from backoffice.auth import admission, tokens
from backoffice.auth.actors import lock_own_row
from backoffice.auth.attempts import Origin
from backoffice.auth.tokens import Issued
from backoffice.errors import BackofficeError, Expired, NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import duration_to_store

# What may end the open links of a person: a sign-in, or a change of what they prove their identity
# by.
Cause = Literal["sign_in", "password", "factor", "address", "status"]


@dataclass(frozen=True, kw_only=True)
class LinkType:
    """A type of link, with everything that differs from one type to another.

    Attributes:
        purpose: that of its token.
        path: the page that it opens.
        lifetime: how long it works.
        mail: the purpose of the mail in which somebody else sends it; '' if nobody does.
        requested_mail: the purpose of the mail to a person who requested it; '' if nobody can.
        voided_by: what withdraws it.
        is_personal: whether it works only where its person is signed in, and with the credentials
            they had when they requested it.
        is_for: whether a person in this state may use it.
        refusal: what everybody else is answered.
    """

    purpose: str
    path: str
    lifetime: Callable[[Settings], timedelta]
    mail: str = ""
    requested_mail: str = ""
    voided_by: frozenset[Cause]
    is_personal: bool = False
    is_for: Callable[[User], bool]
    refusal: str = _l("This account cannot be used at the moment.")

    def url(self, issued: Issued, settings: Settings) -> str:
        """Return the link itself, on the configured address and no other."""
        return f"{settings.base_url}/{self.path}/{issued.value}"

    def mail_values(self, issued: Issued, settings: Settings) -> dict[str, str]:
        """Return what the text of its mail contains."""
        return {
            "link": self.url(issued, settings),
            "valid": duration_to_store(self.lifetime(settings)),
        }


@dataclass(frozen=True)
class Link:
    """A link that works, by its token, and the person whom it is for."""

    type: LinkType
    token: Token
    user: User

    def actor(self, origin: Origin) -> Actor:
        """Return the person as the actor of what they do by the link, without being signed in."""
        return Actor(self.user.id, self.user.email or "", ip=origin.ip)


def _is_invited(user: User) -> bool:
    return user.status == "invited"


def _is_active(user: User) -> bool:
    return user.status == "active"


def _signs_in_by_email(user: User) -> bool:
    return user.status == "active" and user.login_method == "email"


INVITATION = LinkType(
    purpose="invitation",
    path="invitations",
    lifetime=lambda settings: settings.invitation_valid,
    mail=mails.INVITATION,
    voided_by=frozenset({"address", "status"}),
    is_for=_is_invited,
    refusal=_l("This account is not waiting for an invitation any more."),
)
# A link for a password does not rest on the second factor, nor one to set up an app on the
# password: a person who lost both is sent both.
PASSWORD = LinkType(
    purpose="password_reset",
    path="password/reset",
    lifetime=lambda settings: settings.reset_valid,
    mail=mails.PASSWORD_LINK,
    requested_mail=mails.PASSWORD_RESET,
    # A person who knows the password needs no link to choose another one.
    voided_by=frozenset({"sign_in", "password", "address", "status"}),
    is_for=_signs_in_by_email,
    refusal=_l("This account cannot be used at the moment. Ask your administrator."),
)
ENROLMENT = LinkType(
    purpose="two_factor_enrolment",
    path="two-factor/enrol",
    lifetime=lambda settings: settings.enrolment_valid,
    mail=mails.TWO_FACTOR_ENROLMENT,
    voided_by=frozenset({"factor", "address", "status"}),
    is_for=_is_active,
)
EMAIL_CHANGE = LinkType(
    purpose="email_change",
    path="account/email",
    lifetime=lambda settings: settings.email_change_valid,
    requested_mail=mails.EMAIL_CHANGE,
    voided_by=frozenset({"address", "status"}),
    is_personal=True,
    is_for=_is_active,
)
LINK_TYPES = (INVITATION, PASSWORD, ENROLMENT, EMAIL_CHANGE)


def issue(link_type: LinkType, user: User, settings: Settings) -> str:
    """Return a new link for one person, to be handed over in another way than by mail."""
    issued = tokens.issue(user=user, purpose=link_type.purpose, valid=link_type.lifetime(settings))
    return link_type.url(issued, settings)


def send(
    link_type: LinkType,
    people: Select[int],
    settings: Settings,
    *,
    values: Mapping[str, str] | None = None,
) -> list[Issued]:
    """Mail each of `people` a new link; the one before no longer works.

    `values` are further values for the text of the mail.
    """
    tokens_made = tokens.issue_many(
        people, purpose=link_type.purpose, valid=link_type.lifetime(settings)
    )
    outgoing = (
        OutgoingMail(
            purpose=link_type.mail,
            address=issued.address,
            user_id=issued.user_id,
            token_id=issued.token_id,
            values={**(values or {}), **link_type.mail_values(issued, settings)},
        )
        for issued in tokens_made
    )
    outbox.queue(outgoing, settings)
    return tokens_made


def put_into(message: Message, link_type: LinkType, user: User, settings: Settings) -> None:
    """Put a new link for `user` into the mail they requested; the one before no longer works.

    The message has its final address.
    """
    issued = tokens.issue(
        user=user,
        purpose=link_type.purpose,
        valid=link_type.lifetime(settings),
        sent_to=message.address,
        version=user.credential_version if link_type.is_personal else None,
    )
    message.token_id = issued.token_id
    outbox.seal_values(message, link_type.mail_values(issued, settings), settings)


def void(people: Select[int], cause: Cause) -> None:
    """Withdraw the open links of `people` whose type says that this voids them."""
    voided = [link_type.purpose for link_type in LINK_TYPES if cause in link_type.voided_by]
    tokens.revoke_all(people, purposes=voided)


def get(link_type: LinkType, *, value: str) -> Link:
    """Return the link with this value, without using it up.

    Raises NotFound or Expired if it does not work. Whether its person may use it is not asked.
    """
    token, user = tokens.get(value=value, purpose=link_type.purpose)
    return Link(link_type, token, user)


def open_link(
    link_type: LinkType, *, value: str, origin: Origin, actor: Actor | None = None
) -> Link:
    """Return the link, if it could be used now, without using it up.

    It grants nothing, because everything may have changed when `using` locks the rows. `actor` is
    the signed-in person, for a personal link. Raises NotFound or Expired if the link does not work,
    NotAllowed if it is not the actor's, and RuleBroken if its person may not use it, or not from
    `origin`.
    """
    link = get(link_type, value=value)
    _require_usable(link, origin, actor)
    return link


def lock(link_type: LinkType, *, value: str, origin: Origin, actor: Actor | None = None) -> Link:
    """Lock the person and the link until the transaction ends, and check both again.

    Raises what `open_link` raises, and for an actor also what `lock_own_row` raises.
    """
    owner = get(link_type, value=value).user
    # The person is locked before the link, as actions do. The link is then read again: others may
    # have used or withdrawn it meanwhile.
    user = lock_own_row(actor) if actor else _locked(owner)
    token = tokens.lock(value=value, purpose=link_type.purpose)
    link = Link(link_type, token, user)
    _require_usable(link, origin, actor)
    return link


@contextmanager
def using(
    link_type: LinkType, *, value: str, origin: Origin, actor: Actor | None = None
) -> Iterator[Link]:
    """Use the link up, and lock its person for what is granted inside the block.

    Raises what `lock` raises. Nothing is committed; a refusal inside the block leaves the link as
    it was, even if the caller commits then, as for tries that are counted.
    """
    link = lock(link_type, value=value, origin=origin, actor=actor)
    # It is marked first: whatever the block withdraws, this link was used and not withdrawn.
    link.token.used_at = clock.now()
    try:
        yield link
    except BackofficeError:
        link.token.used_at = None
        raise


def _locked(user: User) -> User:
    return db.session.get_one(User, user.id, with_for_update=True, populate_existing=True)


def _require_usable(link: Link, origin: Origin, actor: Actor | None) -> None:
    """Raise unless the person may use the link now, from there."""
    if link.type.is_personal:
        _require_own(link, actor)
    if not link.type.is_for(link.user):
        raise RuleBroken(link.type.refusal)
    admission.require_place(link.user, origin.ip)


def _require_own(link: Link, actor: Actor | None) -> None:
    """Raise unless the actor requested the link, with the credentials they have now."""
    if actor is None or link.token.user_id != actor.user_id:
        raise NotAllowed(
            _(
                "This link belongs to another account. "
                "Sign in with that one, then open the link again."
            )
        )
    if link.token.credential_version != link.user.credential_version:
        raise Expired(
            _(
                "Your account was changed since you asked for this link. "
                "Ask for a new one on your profile."
            )
        )
