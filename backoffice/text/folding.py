"""Fold texts for search, sort, filters and unique names: texts that people read alike become equal.

Each character is folded by its Unicode decomposition, or else by its Unicode name, because a list
of letters would forget some. Neither names nor decompositions of characters ever change.
"""

import re
import unicodedata

from backoffice.text.characters import LONGEST, is_unseen

APOSTROPHES = frozenset("'`´’‘‛‚′ʹʻʼʽʾʿˈꞌ\u055a\u05f3\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u0384")
HYPHENS = frozenset("-−⁃˗")  # besides the category Pd
QUOTES = ("Pi", "Pf")  # categories
# Finds the base letter in the name of a Latin letter, such as L WITH STROKE, LIGATURE OE,
# DOTLESS I, OPEN E, SMALL CAPITAL R, THORN.
LATIN = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?(?:LETTER |LIGATURE )"
    r"(?:SMALL CAPITAL |DOTLESS |OPEN |REVERSED |INSULAR |BARRED )*"
    r"([A-Z]+)(?: WITH .+| DIGRAPH)?"
)
NAMED = {
    "ETH": "d",
    "THORN": "th",
    "ENG": "n",
    "KRA": "k",
    "SCHWA": "e",
    "EZH": "z",
    "ESH": "s",
    "ALPHA": "a",
}
OTHERS = re.compile(r"((?:CYRILLIC|GREEK) SMALL LETTER .+?) WITH .+")
# Persian and Arabic keyboards write the same letters as different characters.
ARABIC = {
    "ی": "ي",
    "ى": "ي",
    "ک": "ك",
    "ـ": "",
}


def fold(text: str) -> str:
    """Remove differences of case, accents, strokes and variants of signs from the text.

    Invisible characters and extra blanks are removed too.

    >>> fold("  Łukasz  MÜLLER ")
    'lukasz muller'
    """
    # Normalising many accents in a row takes time with the square of their number, hence the cut.
    text = text[:LONGEST]
    if text.isascii() and text.isprintable():
        return " ".join(text.replace("`", "'").lower().split())
    decomposed = unicodedata.normalize("NFKD", text.translate(_ACCENTS_ALONE))
    words = decomposed.translate(_folded).split()
    # Composed, because Korean then takes a third of the space.
    return unicodedata.normalize("NFC", " ".join(words))


def name_key(text: str) -> str:
    """Return the form in which two names of groups or client tags are equal.

    It is that of `fold`: a search for one of two equal names finds the other.
    """
    return fold(text)


# Accents that decompose into a blank and an accent. Typed alone, they are meant as apostrophes.
_ACCENTS_ALONE = str.maketrans(dict.fromkeys("´\u0384\u1fbd\u1fbf\u1ffd\u1ffe", "'"))


class _Folded(dict[int, str]):
    """A translation table by code point; each entry is computed when it is first needed."""

    def __missing__(self, number: int) -> str:
        text = chr(number)
        while (folded := _folded_once(text)) != text:
            text = folded
        return self.setdefault(number, text)


_folded = _Folded()


def _folded_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(map(_step, decomposed))


def _step(char: str) -> str:
    """Fold one decomposed character; the result may have to be folded again."""
    category = unicodedata.category(char)
    if char.isspace():
        return " "
    if unicodedata.combining(char) or is_unseen(char):
        return ""
    if category == "Pd" or char in HYPHENS:
        return "-"
    if char in APOSTROPHES:
        return "'"
    if category in QUOTES or char == "„":
        return '"'
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return ARABIC.get(char, _base(char))


def _base(char: str) -> str:
    """Return the letter without its stroke, hook or tail, which Unicode does not decompose."""
    name = unicodedata.name(char, "")
    if match := LATIN.fullmatch(name):
        letters = match[1]
        otherwise = letters.lower() if len(letters) <= 2 else char
        return NAMED.get(letters, otherwise)
    if match := OTHERS.fullmatch(name):
        return _character(match[1]) or char
    return char


def _character(name: str) -> str:
    """Return the character that has this Unicode name, or ''."""
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""
