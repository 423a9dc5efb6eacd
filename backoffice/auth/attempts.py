"""Record every attempt to prove a factor.

The throttle counts these records, and the list of sign-ins shows them.
"""

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
from backoffice.text import address_key, without_invisible

LONGEST_KEY = 254
LONGEST_DEVICE = 200


@dataclass(frozen=True)
class Origin:
    """Where a request comes from.

    `ip` is its address, `device` the name that the browser gives itself, and `mark` the random
    value that the browser was given at its latest sign-in.
    """

    ip: str = ""
    device: str = ""
    mark: str = ""

    @property
    def network(self) -> str:
        """Return the network that the throttle counts as one visitor."""
        return network_of(self.ip)

    @property
    def device_key(self) -> str:
        """Return the hash under which the browser's mark is stored; '' if it has none."""
        if not self.mark:
            return ""
        return digest(self.mark)


@dataclass(frozen=True)
class Key:
    """What an attempt is counted for.

    The kind comes first in the text, and nothing that a stranger typed is ever part of it. The
    first of `texts` is the one to store; the others are the same key under older encryption keys.
    """

    texts: tuple[str, ...]

    @classmethod
    def of_account(cls, user: User) -> Self:
        """Return the key for sign-ins to this account and for confirmations by its owner."""
        return cls((f"account:{user.id}",))

    @classmethod
    def of_email_change(cls, user: User) -> Self:
        """Return the key for mails that this person has sent to addresses of their choice."""
        return cls((f"email_change:{user.id}",))

    @classmethod
    def of_link(cls, value_hash: str) -> Self:
        """Return the key for requests with the link whose value has this SHA-256, real or not."""
        return cls((f"link:{value_hash}",))

    @classmethod
    def of_identifier(cls, typed: str, settings: Settings) -> Self:
        """Return the key for a name that somebody typed, in the form of `identifier_of`.

        It holds keyed hashes only, because people sometimes type their password there.
        """
        hashes = identifier_hashes(typed, settings)
        return cls(tuple(identifier_key(hashed) for hashed in hashes))

    def __str__(self) -> str:
        return self.texts[0]


def identifier_of(typed: str) -> str:
    """Return the normalised form of what somebody typed as their address or login."""
    return address_key(without_invisible(typed))[:LONGEST_KEY]


def identifier_hashes(identifier: str, settings: Settings) -> tuple[str, ...]:
    """Return the hashes of a normalised address or login, the one of the newest key first.

    Nothing else is stored of what somebody typed there.
    """
    return encryption.keyed_hashes(identifier, about="identifier", settings=settings)


def identifier_key(hashed: str) -> str:
    """Return the throttle key of the name that has this hash."""
    return f"identifier:{hashed}"


def record(
    key: Key,
    user: User | None,
    result: str,
    reason: str,
    origin: Origin,
    *,
    factor: str = "password",
) -> int:
    """Record one attempt and return its number. `reason` is '' for an attempt that succeeded."""
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


def record_result(attempt: int, result: str, reason: str, **others: str) -> None:
    """Record the result of an attempt that `throttle.enter` let in."""
    statement = (
        update(SignInAttempt)
        .where(SignInAttempt.id == attempt)
        .values(result=result, reason=reason, **others)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(statement)


def is_known_device(key: Key, device_key: str) -> bool:
    """Return whether this account gave the browser its mark, at its latest sign-in there."""
    sign_ins = select(SignInAttempt.id).where(
        SignInAttempt.throttle_key.in_(key.texts),
        SignInAttempt.device_key == device_key,
        SignInAttempt.completed_sign_in(),
    )
    return db.session.scalar(sign_ins.limit(1)) is not None


def is_new_device(user: User, origin: Origin) -> bool:
    """Return whether the person has signed in before, but never from this browser.

    At the very first sign-in every browser is new, which is no news to the person.
    """
    if origin.device_key and is_known_device(Key.of_account(user), origin.device_key):
        return False
    sign_ins = select(SignInAttempt.id).where(
        SignInAttempt.user_id == user.id,
        SignInAttempt.completed_sign_in(),
    )
    return db.session.scalar(sign_ins.limit(1)) is not None


def record_sign_in(attempt: int, user: User, origin: Origin) -> str:
    """Record that the attempt was a sign-in, and return the new mark of the browser.

    The mark that the browser sent is forgotten, which makes every copy of it worthless. A mark that
    somebody else planted in the browser was never known to the account.
    """
    if origin.device_key:
        _forget_device(user, origin.device_key)
    mark = secrets.token_urlsafe(24)  # 192 random bits
    record_result(attempt, "ok", "", device_key=digest(mark))
    return mark


def _forget_device(user: User, device_key: str) -> None:
    statement = (
        update(SignInAttempt)
        .where(
            SignInAttempt.user_id == user.id,
            SignInAttempt.device_key == device_key,
            SignInAttempt.completed_sign_in(),
        )
        .values(device_key="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(statement)
