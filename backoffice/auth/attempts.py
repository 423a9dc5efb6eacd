"""Every try of a factor is written down: what the throttle counts, and what the list of sign-ins shows."""

import secrets
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth.networks import network_of
from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.secrets import encryption
from backoffice.settings import Settings
from backoffice.text import address_key, cleaned

LONGEST_KEY = 254
LONGEST_DEVICE = 200


@dataclass(frozen=True)
class Origin:
    """Where a request comes from: address, what the browser calls itself, and the mark it was given at its sign-in."""

    ip: str = ""
    device: str = ""
    mark: str = ""

    @property
    def network(self) -> str:
        """What the throttle takes for one visitor."""
        return network_of(self.ip)

    @property
    def device_key(self) -> str:
        return digest(self.mark) if self.mark else ""


@dataclass(frozen=True)
class Key:
    """What a try counts for. Its kind comes first, and no text of a stranger is ever part of it.

    `texts` has it as it is kept, and behind it as it was kept under older encryption keys.
    """

    texts: tuple[str, ...]

    @classmethod
    def of_account(cls, user: User) -> Self:
        """Everything that signs in to this account, or confirms that it is its owner."""
        return cls((f"account:{user.id}",))

    @classmethod
    def of_email_change(cls, user: User) -> Self:
        """Mails that this person has sent to addresses of their choice."""
        return cls((f"email_change:{user.id}",))

    @classmethod
    def of_link(cls, value_hash: str) -> Self:
        """Whatever is asked for with the link whose value has this SHA-256, real or not."""
        return cls((f"link:{value_hash}",))

    @classmethod
    def of_identifier(cls, typed: str, settings: Settings) -> Self:
        """A name that somebody typed, as `identifier_of` has it: by keyed hashes, for it may be a password."""
        return cls(tuple(map(identifier_key, identifier_hashes(typed, settings))))

    def __str__(self) -> str:
        return self.texts[0]


def identifier_of(typed: str) -> str:
    """The normalised form of what somebody typed as their address or login."""
    return address_key(cleaned(typed))[:LONGEST_KEY]


def identifier_hashes(identifier: str, settings: Settings) -> tuple[str, ...]:
    """All that is kept of a normalised address or login that somebody typed, under each key, the newest first."""
    return encryption.keyed_hashes(identifier, about="identifier", settings=settings)


def identifier_key(hashed: str) -> str:
    """The throttle key of a name of which this hash is kept."""
    return f"identifier:{hashed}"


def note(
    key: Key,
    user: User | None,
    result: str,
    reason: str,
    origin: Origin,
    *,
    factor: str = "password",
) -> int:
    """Write down one try; its number. `reason` is '' for whoever is through."""
    attempt = SignInAttempt(
        at=clock.now(),
        throttle_key=str(key),
        user_id=user.id if user else None,
        factor=factor,
        result=result,
        reason=reason,
        ip=origin.ip,
        network=origin.network,
        device=origin.device[:LONGEST_DEVICE],
        device_key=origin.device_key,
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def settle(attempt: int, result: str, reason: str, **others: str) -> None:
    """Say what came of a try that `throttle.enter` let in."""
    change = (
        update(SignInAttempt)
        .where(SignInAttempt.id == attempt)
        .values(result=result, reason=reason, **others)
    )
    db.session.execute(change.execution_options(synchronize_session=False))


def is_known_device(key: Key, device_key: str) -> bool:
    """Whether this account gave the browser its mark, at its latest sign-in there."""
    mine = (SignInAttempt.throttle_key.in_(key.texts), SignInAttempt.device_key == device_key)
    given = select(SignInAttempt.id).where(*mine, SignInAttempt.through())
    return db.session.scalar(given.limit(1)) is not None


def is_new_device(user: User, origin: Origin) -> bool:
    """Whether the person has been through before, but never from this browser."""
    if origin.device_key and is_known_device(Key.of_account(user), origin.device_key):
        return False
    through = select(SignInAttempt.id).where(
        SignInAttempt.user_id == user.id, SignInAttempt.through()
    )
    return db.session.scalar(through.limit(1)) is not None


def let_through(attempt: int, user: User, origin: Origin) -> str:
    """Settle a try as one that let the person in; the new mark of their browser.

    The mark it had is known no longer, whoever else has a copy; one that others put there never was.
    """
    mark = secrets.token_urlsafe(24)
    if origin.device_key:
        before = (SignInAttempt.user_id == user.id, SignInAttempt.device_key == origin.device_key)
        forget = update(SignInAttempt).where(*before, SignInAttempt.through()).values(device_key="")
        db.session.execute(forget.execution_options(synchronize_session=False))
    settle(attempt, "ok", "", device_key=digest(mark))
    return mark
