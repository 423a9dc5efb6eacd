"""Keep invisible characters out of texts, except where a script or an emoji needs them.

Two names that look the same become equal, or one of them is refused. Invisible characters at either
end of a text come from copying and are removed silently. Those inside are refused, with a sentence
that says what the character is and where.

tidied              of every text: composed, with ordinary blanks, trimmed
fault               of a tidied text that is stored: what is wrong with it, for people
without_invisible   of a text that is only compared or searched for: drops what `fault` refuses
Kind.normalise      of a column's text: tidied, without fault, as its kind has it (models/kinds)
"""

import re
import unicodedata
from collections.abc import Iterator

from flask_babel import gettext as _
from idna import valid_contextj

from backoffice import limits

# Real names are far shorter, and a text that is cut at this length is still refused as too long.
LONGEST = limits.TYPED

# Characters that Unicode calls default-ignorable but does not count among the format characters
# (DerivedCoreProperties.txt), and two that are drawn as blanks.
IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u2800\u3164"
    "\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
JOINERS = "\u200c\u200d"
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of invisible characters
# Signs besides symbols that a variation selector turns into emoji.
EMOJI_SIGNS = frozenset("#*0123456789‼⁉〰")


def is_unseen(char: str) -> bool:
    """Return whether the character is invisible; blanks do not count as such."""
    return unicodedata.category(char) in UNSEEN or IGNORABLE.match(char) is not None


def tidied(text: str) -> str:
    """Return the text composed (NFC), with ordinary blanks and line breaks, and trimmed.

    Blanks and invisible characters are removed from both ends.
    """
    # Composing many accents in a row takes time with the square of their number, hence the cut.
    text = text[:LONGEST]
    if text.isascii() and text.isprintable():
        return text.strip()
    composed = unicodedata.normalize("NFC", text)
    if not composed.isprintable():
        composed = "".join(map(_ordinary, composed.replace("\r\n", "\n")))
    first = 0
    last = len(composed)
    # Judged by what is left: a neighbour that was trimmed needs no selector or joiner.
    while first < last and _is_trimmed(composed[first]):
        first += 1
    while last > first and _is_trimmed(composed[max(first, last - 2) : last]):
        last -= 1
    return composed[first:last]


def without_invisible(text: str) -> str:
    """Return the tidied text without the characters that `fault` would refuse.

    This is for texts that are searched for or compared, never for names.
    """
    # The characters that remain may compose, or be at an end now: repeat until nothing changes.
    while (kept := _without_misplaced(tidied(text))) != text:
        text = kept
    return text


def fault(text: str, *, lines: bool = False) -> str:
    """Return a sentence that says what is wrong with a tidied text, or '' if nothing is.

    `lines` says whether the text may contain line breaks and tabs.

    >>> fault("Admin\u200bistrators")
    'There is an invisible character (U+200B) at place 6: leave it out.'
    """
    place = next(_misplaced(text, lines=lines), None)
    if place is not None:
        return _found(text[place], place + 1)
    if text and not any(map(_is_sign, text)):
        return str(_("This shows nothing: use at least one letter, digit or sign."))
    return ""


def _is_sign(char: str) -> bool:
    """Whether the character is a visible letter, number, punctuation mark or symbol."""
    return unicodedata.category(char)[0] in "LNPS" and not is_unseen(char)


def _without_misplaced(text: str) -> str:
    misplaced = set(_misplaced(text, lines=True))
    if not misplaced:
        return text
    return "".join(c for place, c in enumerate(text) if place not in misplaced)


def _misplaced(text: str, *, lines: bool) -> Iterator[int]:
    """Yield the place of every character that is not allowed there."""
    if text.isprintable() and not IGNORABLE.search(text):
        return
    for place in range(len(text)):
        if not _fits(text, place, lines=lines):
            yield place


def _fits(text: str, place: int, *, lines: bool = False) -> bool:
    """Whether the character at that place is allowed there."""
    char = text[place]
    if lines and char in "\n\t":
        return True
    return not is_unseen(char) or _is_needed(text, place)


def _is_needed(text: str, place: int) -> bool:
    """Whether a script or an emoji needs the invisible character at this place."""
    char = text[place]
    before = text[place - 1 : place]
    after = text[place + 1 : place + 2]
    if not before:
        return False
    if char in JOINERS:
        joins_emoji = char == "\u200d" and _is_emoji(before) and _is_emoji(after)
        return joins_emoji or _joins(text, place)
    if char in "\ufe0e\ufe0f":
        return _is_emoji(before)
    # Selectors for variants of a Han character, as in the names of people.
    if "\U000e0100" <= char <= "\U000e01ef":
        return unicodedata.name(before, "").startswith("CJK UNIFIED")
    # The same for Mongolian letters.
    if "\u180b" <= char <= "\u180f":
        return "\u1820" <= before <= "\u18aa"
    return False


def _joins(text: str, place: int) -> bool:
    """Whether the joiner follows a virama, or stands between letters that would join.

    The rules are those of RFC 5892 (A.1, A.2) and UAX #31.
    """
    try:
        return valid_contextj(text, place)
    except ValueError:  # raised for a preceding character that has no name
        return False


def _is_emoji(char: str) -> bool:
    """Whether the character is part of an emoji, approximately.

    Python does not know which symbols are emoji. Modifiers and selectors count, because they also
    occur inside emoji.
    """
    if not char:
        return False
    is_symbol = unicodedata.category(char) in ("So", "Sm", "Sk") and not char.isascii()
    is_pictograph = "\U0001f000" <= char <= "\U0001faff"
    return is_symbol or is_pictograph or char in EMOJI_SIGNS or char == "\ufe0f"


def _ordinary(char: str) -> str:
    """Replace all kinds of blanks and line breaks by the ordinary one; remove surrogates."""
    category = unicodedata.category(char)
    if category == "Cs":
        return ""
    if category == "Zs":
        return " "
    if category in ("Zl", "Zp") or char == "\r":
        return "\n"
    return char


def _is_trimmed(end: str) -> bool:
    """Whether the last of these characters is trimmed from the end of a text."""
    return end[-1].isspace() or not _fits(end, len(end) - 1)


def _found(char: str, place: int) -> str:
    """Return the sentence that says which invisible character is in the text, and where."""
    number = f"U+{ord(char):04X}"
    if char in LINE_BREAKS:
        sentence = _("There is a line break at place %(place)s: leave it out.", place=place)
    elif char == "\t":
        sentence = _("There is a tab at place %(place)s: leave it out.", place=place)
    elif char in DIRECTIONS:
        sentence = _(
            "There is a direction mark (%(number)s) at place %(place)s: leave it out.",
            number=number,
            place=place,
        )
    elif unicodedata.category(char) == "Cc":
        sentence = _(
            "There is a control character (%(number)s) at place %(place)s: leave it out.",
            number=number,
            place=place,
        )
    else:
        sentence = _(
            "There is an invisible character (%(number)s) at place %(place)s: leave it out.",
            number=number,
            place=place,
        )
    return str(sentence)
