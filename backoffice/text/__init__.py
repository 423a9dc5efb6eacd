"""Texts: what may stand in them, how they are compared, and how numbers and lengths of time are said.

What people mean by one name, address or phone number is one here, however it was typed; both engines only compare
what these functions made of it, and so answer the same.
"""

from datetime import timedelta

from backoffice.text.addresses import address_key, login_key
from backoffice.text.characters import LONGEST, cleaned, fault, tidied
from backoffice.text.folding import fold, name_key

__all__ = [
    "LONGEST",
    "MAX_ID",
    "UNITS",
    "address_key",
    "cleaned",
    "duration",
    "fault",
    "fold",
    "is_id",
    "login_key",
    "masked",
    "name_key",
    "noted",
    "plural",
    "tidied",
]

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
MAX_ID = 2**63 - 1  # the largest number that a row can have on either engine


def plural(count: int, singular: str, plural_form: str) -> str:
    """`1 person`, `1,234 people`."""
    return f"{count:,} {singular if count == 1 else plural_form}"


def is_id(text: str) -> bool:
    """Whether the text is a number that a row could have."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_ID


def masked(address: str) -> str:
    """An e-mail address that its owner recognises and nobody else can use: `o•••@example.com`."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}•••{at}{domain}"


def duration(span: timedelta) -> str:
    """A length of time as people say it, in its largest whole unit.

    >>> duration(timedelta(hours=8))
    '8 hours'
    """
    seconds = int(span.total_seconds())
    size, word = next((pair for pair in UNITS if seconds % pair[0] == 0), (1, "second"))
    return plural(seconds // size, word, f"{word}s")


def noted(text: str) -> str:
    """The text as it is, marked for translators: it is shown later, in the language of whoever reads it."""
    return text
