"""Masks: show so much of a name, an address or a number that people can talk about it, no more.

Stars say nothing of how long the text is. A mask over a masked text changes nothing, and what is
empty stays empty.
"""

import re
from collections.abc import Callable, Mapping

from backoffice.text import phones

STARS = "*****"
FEW = "***"  # within an address
SHORTEST = 3  # characters that a text must have before its first one is shown
LONGEST_ENDING = 10  # characters of the end of a domain, such as "com"
MASKED_PHONE = re.compile(r"\+[1-9][0-9]{0,2} \*\*\* \*\* [0-9]{2}")


def name(text: str) -> str:
    """Mask a name by its first and last word; an address in its place is masked as one.

    >>> name("Anna Maria Karenina"), name("Li"), name("anna@example.com")
    ('A***** K*****', '*****', 'a***@e***.com')
    """
    if "@" in text:
        return email(text)
    words = text.split()
    shown = words if len(words) == 1 else [*words[:1], *words[-1:]]
    return " ".join(_beginning(word, STARS) for word in shown)


def email(text: str) -> str:
    """Mask an e-mail address.

    >>> email("anna@example.com"), email("an@mail.example.com"), email("anna")
    ('a***@e***.com', '***@m***.com', '*****')
    """
    local, at, domain = text.strip().rpartition("@")
    if not at:
        return STARS if text else ""
    host, dot, ending = domain.rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        return f"{_beginning(local, FEW)}@{FEW}"
    return f"{_beginning(local, FEW)}@{_beginning(host, FEW)}.{ending}"


def phone(text: str) -> str:
    """Mask a phone number but for its country and its last two digits.

    >>> phone("+493012345612"), phone("030 123456")
    ('+49 *** ** 12', '*****')
    """
    if MASKED_PHONE.fullmatch(text):
        return text
    country = phones.country_code(text)
    if country is None:
        return STARS if text else ""
    return f"+{country} *** ** {phones.digits(text)[-2:]}"


def text(text: str) -> str:
    """Mask a whole text.

    >>> text("Call Anna"), text("")
    ('*****', '')
    """
    return STARS if text else ""


def _beginning(word: str, stars: str) -> str:
    """Return the first character with stars after it, or the stars alone for a short word."""
    is_short = len(word) < SHORTEST or word.startswith("*")
    return stars if is_short else word[0] + stars


MASKS: Mapping[str, Callable[[str], str]] = {
    "email": email,
    "file": text,  # of which events note the name
    "name": name,
    "phone": phone,
    "text": text,
}


def masked(mask: str, value: object) -> object:
    """Return a value as the mask called `mask` shows it; of a list, each of its entries."""
    if value is None:
        return None
    if isinstance(value, list):
        return [masked(mask, each) for each in value]
    return MASKS[mask](value) if isinstance(value, str) else STARS
