"""Passwords: hashed with Argon2id, long rather than complicated, never kept or shown in clear twice."""

import secrets
import unicodedata
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backoffice import clock, limits, slots
from backoffice.errors import RuleBroken
from backoffice.models.user import User
from backoffice.services import guessable
from backoffice.settings import Settings

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that people mistake for another
MOST_TYPED = limits.PASSWORD_TYPED  # composed, at most a quarter of them are left, and 128 are allowed


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
    return composed.encode(errors="replace").decode()  # halves of characters, which no hash can take


def matches(user: User | None, password: str, settings: Settings) -> bool:
    """Whether the password is the user's. Takes the same time for a user who is unknown or has none."""
    stored = user.password_hash if user else None
    try:
        hasher(settings).verify(stored or _nobodys(settings), normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    if stored is None or user is None:
        return False
    if hasher(settings).check_needs_rehash(stored):
        user.password_hash = hasher(settings).hash(normalised(password))
    return True


def keep(user: User, password: str, settings: Settings, *, temporary: bool = False) -> None:
    """Store the hash of `password`; a temporary one expires and must be changed at first sign-in."""
    user.password_hash = hasher(settings).hash(normalised(password))
    user.password_state = "temporary" if temporary else "usable"
    user.password_expires_at = clock.now() + settings.temporary_password_valid if temporary else None


def check(user: User, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) with the reason if the password is too short or too easy to guess.

    NIST SP 800-63B and OWASP ASVS: length in code points counts, and which characters they are does not.
    """
    fewest, most = shortest(user.two_factor, settings), settings.password_max_length
    if len(password) > MOST_TYPED or len(normalised(password)) > most:
        raise _weak(f"Use at most {most} characters.")
    if len(normalised(password)) < fewest:
        raise _weak(f"Use at least {fewest} characters; several words are fine.")
    about = guessable.words_about(user, settings)
    if reason := guessable.reason(normalised(password), about=about, minimum=fewest):
        raise _weak(reason)


def shortest(two_factor: str, settings: Settings) -> int:
    """How many characters a password needs: fewer where a second factor, `User.two_factor`, guards it as well."""
    alone = (two_factor or "disabled") == "disabled"  # a row that was never written has none yet
    return settings.password_min_length if alone else settings.password_min_length_two_factor


def temporary() -> str:
    """A password to hand over: 20 characters, about 98 bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def _weak(message: str) -> RuleBroken:
    return RuleBroken(message, field="new_password")


@cache
def _nobodys(settings: Settings) -> str:
    return hasher(settings).hash(secrets.token_urlsafe(32))
