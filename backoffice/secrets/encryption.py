"""Secrets that have to be read again, encrypted with AES-256-GCM; each names its key, so that keys can change.

And texts that have to be known again but never read: by a keyed hash.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache
from typing import TYPE_CHECKING

from backoffice.settings import Settings

# The library is six megabytes of a process, most of which never encrypt anything: it is imported with the first key.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes, as NIST SP 800-38D advises for GCM


class Unreadable(Exception):
    """The text was encrypted with a key that is not configured any more, for something else, or was changed."""


def encrypt(text: str, *, about: str, settings: Settings) -> str:
    """The text encrypted with the newest key; `about` is authenticated with it, so that it is of no use elsewhere."""
    key = settings.active_keys[0]
    nonce = secrets.token_bytes(NONCE)
    encrypted = nonce + _cipher(key).encrypt(nonce, text.encode(), about.encode())
    return f"{key_id(key)}.{base64.urlsafe_b64encode(encrypted).decode()}"


def decrypt(encrypted: str, *, about: str, settings: Settings) -> str:
    """The text again. Raises Unreadable."""
    name, _, text = encrypted.partition(".")
    key = next((key for key in settings.active_keys if key_id(key) == name), None)
    if key is None:
        raise Unreadable(f"No key {name} is configured.")
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # see above

    try:
        both = base64.urlsafe_b64decode(text)
        return _cipher(key).decrypt(both[:NONCE], both[NONCE:], about.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable("The text was changed, or was encrypted for something else.") from None


def keyed_hashes(text: str, *, about: str, settings: Settings) -> tuple[str, ...]:
    """HMAC-SHA256 of the text under each configured key, the newest first.

    What is kept is the first; what was kept under an older key is found by the others. Without a key nobody can
    find the text by trying likely ones.
    """
    return tuple(
        hmac.new(
            _derived(key, b"backoffice keyed hashes"), f"{about} {text}".encode(), hashlib.sha256
        ).hexdigest()
        for key in settings.active_keys
    )


def mark(settings: Settings) -> str:
    """What everything begins with that is encrypted with the newest key."""
    return f"{key_id(settings.active_keys[0])}."


@cache
def key_id(key: str) -> str:
    """The public name of a key."""
    return hashlib.sha256(b"backoffice key id" + _derived(key)).hexdigest()[:8]


def _cipher(key: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # see above

    return AESGCM(_derived(key))


@cache
def _derived(key: str, purpose: bytes = b"backoffice sealing") -> bytes:
    """Any long text becomes 256 bits that serve one purpose alone (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  # see above

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
