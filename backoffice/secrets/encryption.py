"""Encrypt secrets that have to be read again, and hash texts that only have to be recognised.

Secrets are encrypted with AES-256-GCM. Each encrypted text names its key, so that keys can change.
Texts that have to be recognised but never read are kept as keyed hashes.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache
from typing import TYPE_CHECKING

from backoffice.settings import Settings

# The library takes six megabytes, and most processes never encrypt anything. It is imported when
# the first key is used.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes, as NIST SP 800-38D advises for GCM


class Unreadable(Exception):
    """The text cannot be decrypted.

    Its key is not configured any more, or it was encrypted for something else, or it was changed.
    """


def encrypt(text: str, *, about: str, settings: Settings) -> str:
    """Encrypt the text with the newest key.

    `about` is authenticated together with the text, which makes the result useless elsewhere.
    """
    key = settings.active_keys[0]
    nonce = secrets.token_bytes(NONCE)
    encrypted = nonce + _cipher(key).encrypt(nonce, text.encode(), about.encode())
    encoded = base64.urlsafe_b64encode(encrypted).decode()
    return f"{key_id(key)}.{encoded}"


def decrypt(encrypted: str, *, about: str, settings: Settings) -> str:
    """Decrypt a text that `encrypt` returned for the same `about`. Raises Unreadable."""
    name, _, encoded = encrypted.partition(".")
    key = next((key for key in settings.active_keys if key_id(key) == name), None)
    if key is None:
        raise Unreadable(f"No key {name} is configured.")
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # see above

    try:
        content = base64.urlsafe_b64decode(encoded)
        nonce = content[:NONCE]
        return _cipher(key).decrypt(nonce, content[NONCE:], about.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable("The text was changed, or was encrypted for something else.") from None


def keyed_hashes(text: str, *, about: str, settings: Settings) -> tuple[str, ...]:
    """Return the HMAC-SHA256 of the text under each configured key, the newest first.

    The first one is stored. The others find what was stored under an older key. Without a key,
    nobody can find the text by trying likely ones.
    """
    message = f"{about} {text}".encode()
    return tuple(_keyed_hash(key, message) for key in settings.active_keys)


def _keyed_hash(key: str, message: bytes) -> str:
    hash_key = _derived(key, b"backoffice keyed hashes")
    return hmac.new(hash_key, message, hashlib.sha256).hexdigest()


def newest_prefix(settings: Settings) -> str:
    """Return the prefix of every text that is encrypted with the newest key."""
    return f"{key_id(settings.active_keys[0])}."


@cache
def key_id(key: str) -> str:
    """Return the public name of a key."""
    return hashlib.sha256(b"backoffice key id" + _derived(key)).hexdigest()[:8]


def _cipher(key: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # see above

    return AESGCM(_derived(key))


@cache
def _derived(key: str, purpose: bytes = b"backoffice sealing") -> bytes:
    """Derive 256 bits from a long text, for one purpose only (HKDF, RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  # see above

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
