"""How texts are compared: one form for searching and sorting, one for e-mail addresses."""

import unicodedata
from datetime import timedelta
from typing import Any

from backoffice import limits

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
MAX_ID = 2**63 - 1  # the largest number that a row can have on either engine
LONGEST = limits.TYPED  # what people name is far shorter, and what is cut here is still refused as too long


def fold(text: str) -> str:
    """The text without case, accents, width variants and repeated blanks, for search and comparison.

    >>> fold("  Müller  ＳＴＲＡẞＥ ")
    'muller strasse'
    """
    decomposed = _normalised("NFKD", _normalised("NFKD", text).casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def address_key(text: str) -> str:
    """The form in which two spellings of one e-mail address or login are equal.

    Accents stay: jose@ and josé@ are different mailboxes. (Unicode TR 36 asks for NFKC and case folding.)
    """
    return _normalised("NFKC", _normalised("NFKC", text).casefold()).strip()


def name_key(text: str) -> str:
    """The form in which two names of groups or tags are equal."""
    return " ".join(address_key(text).split())


def cleaned(text: str) -> str:
    """The text as it is stored: composed, without control characters and halves of characters, blanks trimmed."""
    composed = _normalised("NFC", text)
    return "".join(c for c in composed if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


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


def _normalised(form: Any, text: str) -> str:
    """The beginning of the text in this form of Unicode: of many accents in a row it takes the square of the length."""
    return unicodedata.normalize(form, text[:LONGEST])
