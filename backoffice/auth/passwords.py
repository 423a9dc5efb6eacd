"""Passwords: hashed with Argon2id, long rather than complicated, never kept or shown in clear twice."""

import secrets
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import update

from backoffice import clock, limits, slots
from backoffice.auth import credentials, password_strength
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import Settings

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that people mistake for another
MOST_TYPED = (
    limits.PASSWORD_TYPED
)  # composed, at most a quarter of them are left, and 128 are allowed


class Hasher(PasswordHasher):
    """Hashes in a slot, so that a flood of sign-ins leaves room for everybody else. Raises Busy."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.argon2_time_cost, settings.argon2_memory_kib, parallelism=1)
        self.slots = slots.hashing(settings.hashing_slots)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.slots.taken():
            return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # argon2's name
        with self.slots.taken():
            return super().verify(hash, password)


@cache
def hasher(settings: Settings) -> Hasher:
    """Argon2id with the settings' cost (OWASP Password Storage Cheat Sheet: 19 MiB, t=2, p=1)."""
    return Hasher(settings)


def normalised(password: str) -> str:
    """The form that is hashed (NIST SP 800-63B: NFKC), so that every keyboard gives the same.

    What is longer than any password may be is cut, for normalising can take the square of the length.
    """
    composed = unicodedata.normalize("NFKC", password[:MOST_TYPED])
    return composed.encode(
        errors="replace"
    ).decode()  # halves of characters, which no hash can take


@dataclass(frozen=True)
class Proof:
    """A password that was right for the credentials that its person had at `version`; nothing is granted by it yet.

    `renewed` is its hash with the present parameters, where `stored` has older ones.
    """

    user_id: int
    version: int
    stored: str
    renewed: str | None
    is_short: bool


@dataclass(frozen=True)
class Hashed:
    """A password ready to be kept; `is_short` if it needs a second factor beside it."""

    text: str
    is_short: bool


def prove(user: User | None, password: str, settings: Settings) -> Proof | None:
    """Compare a password with the one that was read with `user`; None where it is another one.

    It takes the same time for a user who is unknown or has none, and so long that no lock should be held meanwhile:
    see `extensions.pause`. What is granted for it is granted by `accept`.
    """
    stored, typed = user.password_hash if user else None, normalised(password)
    try:
        hasher(settings).verify(stored or _nobodys(settings), typed)
    except (VerificationError, InvalidHashError):
        return None
    if stored is None or user is None:
        return None
    renewed = hasher(settings).hash(typed) if hasher(settings).check_needs_rehash(stored) else None
    return Proof(user.id, user.credential_version, stored, renewed, _is_short(typed, settings))


def accept(proof: Proof) -> User | None:
    """The person who proved it, locked; None where their credentials were changed since, so that it proves nothing.

    A hash with newer parameters takes the place of the one that it was made from, and of no other.
    """
    user = credentials.locked(proof.user_id, proof.version)
    if user is None:
        return None
    if proof.renewed:
        same = (User.id == user.id, User.password_hash == proof.stored)
        change = (
            update(User)
            .where(*same)
            .values(password_hash=proof.renewed, updated_at=User.updated_at)
        )
        db.session.execute(change.execution_options(synchronize_session=False))
    if user.password_is_short != proof.is_short:
        user.password_is_short = proof.is_short
    return user


def matches(user: User | None, password: str, settings: Settings) -> bool:
    """Whether the password is the user's. Takes the same time for a user who is unknown or has none."""
    return prove(user, password, settings) is not None


def hashed(password: str, settings: Settings) -> Hashed:
    """The password as it is kept. It takes long, as `prove` does."""
    text = normalised(password)
    return Hashed(hasher(settings).hash(text), _is_short(text, settings))


def put(user: User, new: Hashed, *, expires_at: datetime | None = None) -> None:
    """Make it the user's password; one that expires is temporary and must be changed at first sign-in."""
    user.password_hash, user.password_is_short = new.text, new.is_short
    user.password_state = "temporary" if expires_at else "usable"
    user.password_expires_at = expires_at


def keep(user: User, password: str, settings: Settings, *, temporary: bool = False) -> None:
    """Hash the password and make it the user's."""
    expires_at = clock.now() + settings.temporary_password_valid if temporary else None
    put(user, hashed(password, settings), expires_at=expires_at)


def check(user: User, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) with the reason if the password is too short or too easy to guess.

    NIST SP 800-63B and OWASP ASVS: length in code points counts, and which characters they are does not.
    """
    fewest, most = shortest(user.two_factor, settings), settings.password_max_length
    if len(password) > MOST_TYPED or len(normalised(password)) > most:
        raise _weak(f"Use at most {most} characters.")
    if len(normalised(password)) < fewest:
        raise _weak(f"Use at least {fewest} characters; several words are fine.")
    about = password_strength.words_about(user, settings)
    if reason := password_strength.reason(normalised(password), about=about, minimum=fewest):
        raise _weak(reason)


def shortest(two_factor: str, settings: Settings) -> int:
    """How many characters a password needs: fewer where a second factor, `User.two_factor`, guards it as well."""
    alone = (two_factor or "disabled") == "disabled"  # a row that was never written has none yet
    return settings.password_min_length if alone else settings.password_min_length_two_factor


def temporary() -> str:
    """A password to hand over: 20 characters, about 98 bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def _is_short(text: str, settings: Settings) -> bool:
    return len(text) < settings.password_min_length


def _weak(message: str) -> RuleBroken:
    return RuleBroken(message, field="new_password")


@cache
def _nobodys(settings: Settings) -> str:
    """A hash of no password, for which nothing is computed: the first unknown name takes no longer than the next."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    cost = f"m={settings.argon2_memory_kib},t={settings.argon2_time_cost},p=1"
    return f"$argon2id$v=19${cost}${salt}${digest}"
