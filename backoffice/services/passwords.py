"""Passwords: hashed with Argon2id, long rather than complicated, never kept or shown in clear twice."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backoffice import clock
from backoffice.errors import RuleBroken
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import fold

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that people mistake for another
COMMON = ("password", "passwort", "qwerty", "letmein", "welcome", "admin", "iloveyou", "123456789", "abcdef")
FEWEST_DIFFERENT = 6


@cache
def hasher(settings: Settings) -> PasswordHasher:
    """Argon2id with the settings' cost (OWASP Password Storage Cheat Sheet: 19 MiB, t=2, p=1)."""
    return PasswordHasher(time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1)


def normalised(password: str) -> str:
    """The form that is hashed (NIST SP 800-63B: NFKC), so that every keyboard gives the same."""
    return unicodedata.normalize("NFKC", password)


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
    """Raise RuleBroken (field new_password) with the reason if the password is too easy to guess."""
    length = len(normalised(password))
    if length < settings.password_min_length:
        raise _weak(f"Use at least {settings.password_min_length} characters; several words are fine.")
    if length > settings.password_max_length:
        raise _weak(f"Use at most {settings.password_max_length} characters.")
    plain = fold(password).replace(" ", "")
    if len(set(plain)) < FEWEST_DIFFERENT:
        raise _weak("Use more different characters.")
    own = {fold(word) for word in (user.first_name, user.last_name, (user.email or "").partition("@")[0]) if word}
    for word in sorted({w for w in own if len(w) > 3} | set(COMMON) | {"backoffice"}, key=len, reverse=True):
        plain = plain.replace(word.replace(" ", ""), "")
    if len(plain) < settings.password_min_length // 2:
        raise _weak("This consists of common words or your own name; add words that nobody would guess.")


def temporary() -> str:
    """A password to hand over: 20 characters, about 98 bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def _weak(message: str) -> RuleBroken:
    return RuleBroken(message, field="new_password")


@cache
def _nobodys(settings: Settings) -> str:
    return hasher(settings).hash(secrets.token_urlsafe(32))
