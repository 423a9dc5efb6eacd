"""Validate, normalise and compare texts, and write numbers and time spans as people read them.

Different spellings of one name, address or phone number get the same form here. SQLite and
PostgreSQL compare only these forms, and therefore give the same answers.
"""

from datetime import datetime, timedelta

from flask_babel import ngettext as _n

from backoffice.text.addresses import address_key, login_key
from backoffice.text.characters import LONGEST, fault, tidied, without_invisible
from backoffice.text.folding import fold, name_key
from backoffice.text.numbers import formatted
from backoffice.text.stored import N_, refilled, translated, values_in

__all__ = [
    "LONGEST",
    "MAX_ID",
    "N_",
    "UNITS",
    "address_key",
    "capital",
    "duration",
    "duration_to_store",
    "fault",
    "fold",
    "in_utc",
    "is_id",
    "login_key",
    "masked",
    "name_key",
    "plural",
    "refilled",
    "tidied",
    "translated",
    "values_in",
    "without_invisible",
]

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
MAX_ID = 2**63 - 1  # the largest number that a row can have on either engine


def plural(count: int, singular: str, plural_form: str) -> str:
    """Return the count with its noun, such as `1 person` or `1,234 people`."""
    return f"{count:,} {singular if count == 1 else plural_form}"


def capital(text: str) -> str:
    """Return the text with a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def shortened(text: str, length: int) -> str:
    """Return the text, or its first `length` characters if it is longer."""
    return text if len(text) <= length else f"{text[:length]}…"


def in_utc(moment: datetime) -> str:
    """Return a time as every reader understands it, such as `2026-01-31 14:30 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def is_id(text: str) -> bool:
    """Return whether the text is a number that a row could have as its id."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_ID


def masked(address: str) -> str:
    """Mask an e-mail address, such as `o•••@example.com`.

    The owner recognises it, and nobody else can use it.
    """
    name, at, domain = address.partition("@")
    return f"{name[:1]}•••{at}{domain}"


def duration(span: timedelta) -> str:
    """Return a time span in words, in the largest unit of which it is a whole number.

    >>> duration(timedelta(hours=8))
    '8 hours'
    """
    count, unit = _counted(span)
    number = formatted(count)
    match unit:
        case "day":
            words = _n("%(number)s day", "%(number)s days", count, number=number)
        case "hour":
            words = _n("%(number)s hour", "%(number)s hours", count, number=number)
        case "minute":
            words = _n("%(number)s minute", "%(number)s minutes", count, number=number)
        case _:
            words = _n("%(number)s second", "%(number)s seconds", count, number=number)
    return str(words)


def duration_to_store(span: timedelta) -> str:
    """Return the same in English, for a value of a mail, which is translated when it is sent."""
    count, unit = _counted(span)
    return plural(count, unit, f"{unit}s")


def _counted(span: timedelta) -> tuple[int, str]:
    """Return how many there are of the largest unit of which the span is a whole number."""
    seconds = int(span.total_seconds())
    for size, unit in UNITS:
        if seconds % size == 0:
            return seconds // size, unit
    return seconds, "second"
