"""Check, hash and store passwords.

They are hashed with Argon2id. They have to be long rather than complicated, and are never stored
in clear. One that the product makes is shown once.
"""

import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import ngettext as _n
from sqlalchemy import update

from backoffice import clock, limits, slots
from backoffice.auth import credentials, password_strength
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import Settings

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that people mistake for another
# Normalising composes up to four typed code points into one, and a password may have 128.
MOST_TYPED = limits.PASSWORD_TYPED


class Hasher(PasswordHasher):
    """Hashes in a slot, which leaves room for everybody else in a flood of sign-ins.

    Its methods raise Busy if no slot becomes free in time.
    """

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
    """Return Argon2id with the settings' cost.

    The defaults are those of the OWASP Password Storage Cheat Sheet: 19 MiB, t=2, p=1.
    """
    return Hasher(settings)


def normalised(password: str) -> str:
    """Return the form that is hashed (NIST SP 800-63B: NFKC), the same for every keyboard.

    A text that is longer than any password may be is cut first, because normalising can take time
    that grows with the square of the length.
    """
    composed = unicodedata.normalize("NFKC", password[:MOST_TYPED])
    # Halves of characters (lone surrogates) cannot be encoded, and so cannot be hashed.
    return composed.encode(errors="replace").decode()


@dataclass(frozen=True)
class Proof:
    """A password that was right for the credentials that its person had at `version`.

    A proof grants nothing until `accept` takes it. `stored` is the hash that it was compared with,
    and `renewed` its hash with the present parameters, if `stored` has older ones. `is_short` says
    that the password needs a second factor beside it.
    """

    user_id: int
    version: int
    stored: str
    renewed: str | None
    is_short: bool


@dataclass(frozen=True)
class Hashed:
    """A password ready to be stored; `is_short` if it needs a second factor beside it."""

    text: str
    is_short: bool


def prove(user: User | None, password: str, settings: Settings) -> Proof | None:
    """Compare a password with the hash that was read with `user`; return None if it differs.

    It takes the same time for a user who is unknown or has no password. That is a long time, during
    which no lock should be held: see `transactions.pause`. Pass the proof to `accept` before
    anything is granted for it.
    """
    stored = user.password_hash if user else None
    if not is_of_hash(stored, password, settings) or stored is None or user is None:
        return None
    typed = normalised(password)
    argon2 = hasher(settings)
    renewed = argon2.hash(typed) if argon2.check_needs_rehash(stored) else None
    return Proof(user.id, user.credential_version, stored, renewed, _is_short(typed, settings))


def is_of_hash(stored: str | None, password: str, settings: Settings) -> bool:
    """Return whether the password is the one that was hashed.

    It takes the same time without a hash.
    """
    try:
        hasher(settings).verify(stored or _nobodys(settings), normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def accept(proof: Proof) -> User | None:
    """Lock and return the person who gave the proof; return None if their credentials changed.

    A hash with newer parameters replaces the one that it was compared with, and no other.
    """
    user = credentials.lock_if_unchanged(proof.user_id, proof.version)
    if user is None:
        return None
    if proof.renewed:
        _replace_hash(user, proof.stored, proof.renewed)
    # The setting that says what is short may have changed since the password was set.
    if user.password_is_short != proof.is_short:
        user.password_is_short = proof.is_short
    return user


def _replace_hash(user: User, stored: str, renewed: str) -> None:
    """Replace the hash in SQL alone: it is the same password, hence no change of credentials."""
    db.session.execute(
        update(User)
        .where(User.id == user.id, User.password_hash == stored)
        .values(password_hash=renewed, updated_at=User.updated_at)
        .execution_options(synchronize_session=False)
    )


def matches(user: User | None, password: str, settings: Settings) -> bool:
    """Return whether the password is the user's.

    It takes the same time for a user who is unknown or has no password.
    """
    return prove(user, password, settings) is not None


def hashed(password: str, settings: Settings) -> Hashed:
    """Hash a password for `store_hashed`. It takes long, as `prove` does."""
    text = normalised(password)
    return Hashed(hasher(settings).hash(text), _is_short(text, settings))


def store_hashed(user: User, new: Hashed, *, expires_at: datetime | None = None) -> None:
    """Make it the user's password.

    One that expires is temporary, and must be changed at the first sign-in.
    """
    user.password_hash = new.text
    user.password_is_short = new.is_short
    user.password_state = "temporary" if expires_at else "usable"
    user.password_expires_at = expires_at


def store(user: User, password: str, settings: Settings, *, temporary: bool = False) -> None:
    """Hash the password and make it the user's."""
    expires_at = clock.now() + settings.temporary_password_valid if temporary else None
    store_hashed(user, hashed(password, settings), expires_at=expires_at)


def check(user: User, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) if the password is too short or too easy to guess.

    NIST SP 800-63B and OWASP ASVS: length in code points counts, and which characters they are does
    not.
    """
    words = password_strength.words_about(user, settings)
    check_text(password, shortest(user.two_factor, settings), words, settings)


def check_text(password: str, fewest: int, words: Iterable[str], settings: Settings) -> None:
    """Raise what `check` raises; `words` are those that a stranger would try for its owner."""
    most = settings.password_max_length
    text = normalised(password)
    if len(password) > MOST_TYPED or len(text) > most:
        raise _weak(_n("Use at most %(num)s character.", "Use at most %(num)s characters.", most))
    if len(text) < fewest:
        sentence = _n(
            "Use at least %(num)s character; several words are fine.",
            "Use at least %(num)s characters; several words are fine.",
            fewest,
        )
        raise _weak(sentence)
    if reason := password_strength.reason(text, about=words, minimum=fewest):
        raise _weak(reason)


def shortest(two_factor: str, settings: Settings) -> int:
    """Return how many characters a password needs at least.

    It may be shorter if a second factor, as `User.two_factor` has it, guards the account as well.
    """
    if two_factor and two_factor != "disabled":
        return settings.password_min_length_two_factor
    return settings.password_min_length  # a row that was never written has no `two_factor` yet


def temporary() -> str:
    """Return a random password to hand over: 20 characters, about 98 bits.

    They come in groups that can be read aloud.
    """
    groups = ["".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4)]
    return "-".join(groups)


def _is_short(text: str, settings: Settings) -> bool:
    return len(text) < settings.password_min_length


def _weak(message: str) -> RuleBroken:
    return RuleBroken(message, field="new_password")


@cache
def _nobodys(settings: Settings) -> str:
    """Return a random hash that belongs to no password, to compare with for unknown names.

    It is made up rather than computed: the first unknown name takes no longer than the next.
    """
    salt = _random_base64(16)
    digest = _random_base64(32)
    cost = f"m={settings.argon2_memory_kib},t={settings.argon2_time_cost},p=1"
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _random_base64(size: int) -> str:
    return b64encode(secrets.token_bytes(size)).decode().rstrip("=")
