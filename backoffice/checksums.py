"""Make a number of the values of a row, by which two states of it are told apart."""

import hashlib

FUNCTION = "backoffice_row_version"  # what SQLite calls it, on each of our connections


def row_version(*values: object) -> int:
    """Return the number of these values; SQLite calls it with those of a row.

    >>> row_version("a", 1) == row_version("a", 1), row_version("a", 1) == row_version("a", "1")
    (True, False)
    """
    written = repr(tuple(map(_text, values)))
    digest = hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _text(value: object) -> object:
    """Return what SQLite passes as bytes as a text, if it is one."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value
