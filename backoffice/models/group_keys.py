"""The keys of groups: what names a group in sheets, whatever people call it by now."""

import re
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text

from backoffice.text import name_key

LENGTH = 40  # characters
PATTERN = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
OTHERS = re.compile(r"[^a-z0-9]+")
DIGEST = 8  # characters


def key_of(name: str) -> str:
    """Return the key that a new group of this name gets; other names give other keys.

    >>> key_of("Main administrator")
    'main_administrator'
    """
    folded = name_key(name)
    plain = OTHERS.sub("_", folded).strip("_")
    if plain and plain.replace("_", " ") == folded and len(plain) <= LENGTH:
        return plain
    digest = sha256(folded.encode()).hexdigest()[:DIGEST]
    readable = plain[: LENGTH - DIGEST - 1].strip("_") or "group"
    return f"{readable}_{digest}"


def free_key(context: Any) -> str:
    """Return a key for the group that is inserted: the default of the column.

    A group that was renamed keeps its key, so the key of a name may be taken.
    """
    key = key_of(context.get_current_parameters()["name"])
    number = 1
    free = key
    while _is_taken(context.connection, free):
        number += 1
        suffix = f"_{number}"
        free = key[: LENGTH - len(suffix)] + suffix
    return free


def _is_taken(connection: Connection, key: str) -> bool:
    statement = text("SELECT 1 FROM groups WHERE key = :key")
    return connection.execute(statement, {"key": key}).first() is not None
