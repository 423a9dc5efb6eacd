"""Hash values, so that a change of one of them is noticed."""

import hashlib
import json


def as_text(value: object) -> str:
    """Return a value that is none of JSON's own as the text that stands for it."""
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


# One encoder for all: json.dumps creates a new one at every call with options of its own.
as_json = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=as_text
).encode


def hashed(values: list[object]) -> str:
    """Return the SHA-256 of the values, as 64 hexadecimal digits."""
    return hashlib.sha256(as_json(values).encode()).hexdigest()
