"""Which characters a text may have: none that is not seen, except where a script or an emoji needs it.

Two names that look the same are the same, or one of them is refused. What copying brings along at either end is
taken off without a word; anything inside is refused, and the sentence says what it is and where.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from idna import valid_contextj

from backoffice import limits

LONGEST = (
    limits.TYPED
)  # what people name is far shorter, and what is cut here is still refused as too long

# What Unicode calls default-ignorable and does not count among the format characters (DerivedCoreProperties.txt), and
# two that are drawn as blanks.
IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]"
)
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
JOINERS = "\u200c\u200d"
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories
EMOJI_SIGNS = frozenset(
    "#*0123456789‼⁉〰"
)  # signs that a variation selector makes emoji of, besides symbols


def is_unseen(char: str) -> bool:
    """Whether nothing is drawn for the character itself; blanks are not meant."""
    return unicodedata.category(char) in UNSEEN or IGNORABLE.match(char) is not None


def tidied(text: str) -> str:
    """The text composed (NFC), with ordinary blanks and line breaks, and with nothing unseen at either end."""
    composed = unicodedata.normalize(
        "NFC", text[:LONGEST]
    )  # of many accents in a row it takes the square of the length
    if not composed.isprintable():
        composed = "".join(map(_ordinary, composed.replace("\r\n", "\n")))
    first, last = 0, len(composed)
    while first < last and _is_trimmed(composed, first):
        first += 1
    while last > first and _is_trimmed(composed, last - 1):
        last -= 1
    return composed[first:last]


def cleaned(text: str) -> str:
    """The tidied text without anything that `fault` would name: for what is sought or compared, never for names."""
    while (
        found := _kept(tidied(text))
    ) != text:  # what is left may compose, or stand at an end by now
        text = found
    return text


def fault(text: str, *, lines: bool = False) -> str:
    """What is wrong with a tidied text, as a sentence; '' if nothing is. `lines`: it may have line breaks and tabs.

    >>> fault("Admin\u200bistrators")
    'There is an invisible character (U+200B) at place 6: leave it out.'
    """
    place = next(_misplaced(text, lines=lines), None)
    if place is not None:
        return f"There is {_called(text[place])} at place {place + 1}: leave it out."
    if text and not any(unicodedata.category(c)[0] in "LNPS" and not is_unseen(c) for c in text):
        return "This shows nothing: use at least one letter, digit or sign."
    return ""


def _kept(text: str) -> str:
    out = set(_misplaced(text, lines=True))
    return "".join(c for place, c in enumerate(text) if place not in out) if out else text


def _misplaced(text: str, *, lines: bool) -> Iterator[int]:
    """The places of what may not stand there."""
    if text.isprintable() and not IGNORABLE.search(text):
        return
    yield from (place for place in range(len(text)) if not _fits(text, place, lines=lines))


def _fits(text: str, place: int, *, lines: bool = False) -> bool:
    char = text[place]
    if lines and char in "\n\t":
        return True
    return not is_unseen(char) or _is_needed(text, place)


def _is_needed(text: str, place: int) -> bool:
    """Whether a script or an emoji asks for the unseen character here."""
    char, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if not before:
        return False
    if char in JOINERS:
        emoji = char == "\u200d" and _is_emoji(before) and _is_emoji(after)
        return emoji or _joins(text, place)
    if char in "\ufe0e\ufe0f":
        return _is_emoji(before)
    if (
        "\U000e0100" <= char <= "\U000e01ef"
    ):  # which form of a Han character: names of people have them
        return unicodedata.name(before, "").startswith("CJK UNIFIED")
    if "\u180b" <= char <= "\u180f":  # the same for Mongolian letters
        return "\u1820" <= before <= "\u18aa"
    return False


def _joins(text: str, place: int) -> bool:
    """As in RFC 5892 (A.1, A.2) and UAX #31: after a virama, and between letters that would join."""
    try:
        return valid_contextj(text, place)
    except ValueError:  # about a character before it that has no name
        return False


def _is_emoji(char: str) -> bool:
    """Nearly: Python does not know which symbols are. Modifiers and selectors stand in the middle of emoji too."""
    if not char:
        return False
    known = unicodedata.category(char) in ("So", "Sm", "Sk") and not char.isascii()
    return known or char in EMOJI_SIGNS or char == "\ufe0f" or "\U0001f000" <= char <= "\U0001faff"


def _ordinary(char: str) -> str:
    """Every blank is the same one, and every line break; halves of characters are none."""
    category = unicodedata.category(char)
    if category == "Cs":
        return ""
    if category == "Zs":
        return " "
    return "\n" if category in ("Zl", "Zp") or char == "\r" else char


def _is_trimmed(text: str, place: int) -> bool:
    return text[place].isspace() or not _fits(text, place)


def _called(char: str) -> str:
    number = f"(U+{ord(char):04X})"
    kinds: tuple[tuple[Any, str], ...] = (
        (LINE_BREAKS, "a line break"),
        ("\t", "a tab"),
        (DIRECTIONS, f"a direction mark {number}"),
    )
    control = unicodedata.category(char) == "Cc"
    otherwise = f"a control character {number}" if control else f"an invisible character {number}"
    return next((words for chars, words in kinds if char in chars), otherwise)
