"""One fold for search, sort, filters and the uniqueness of names: what people take for the same is the same.

It goes character by character, by what Unicode says of each (its decomposition, else its name), so that no letter is
forgotten by a list. Neither names nor decompositions of characters ever change.
"""

import re
import unicodedata

from backoffice.text.characters import LONGEST, is_unseen

APOSTROPHES = frozenset("'`´’‘‛‚′ʹʻʼʽʾʿˈꞌ\u055a\u05f3\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u0384")
HYPHENS = frozenset("-−⁃˗")  # besides the category Pd
QUOTES = ("Pi", "Pf")
# A base letter in the name of a Latin one: L WITH STROKE, LIGATURE OE, DOTLESS I, OPEN E, SMALL CAPITAL R, THORN.
LATIN = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?(?:LETTER |LIGATURE )(?:SMALL CAPITAL |DOTLESS |OPEN |REVERSED |INSULAR |BARRED )*"
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
ARABIC = {
    "ی": "ي",
    "ى": "ي",
    "ک": "ك",
    "ـ": "",
}  # what Persian and Arabic keyboards write for the same letters


def fold(text: str) -> str:
    """The text without case, accents, strokes, variants of signs, unseen characters and repeated blanks.

    >>> fold("  Łukasz  MÜLLER ")
    'lukasz muller'
    """
    text = text[:LONGEST]  # of many accents in a row it takes the square of the length
    if text.isascii() and text.isprintable():
        return " ".join(text.replace("`", "'").lower().split())
    whole = unicodedata.normalize("NFKD", text.translate(_ACCENTS_ALONE)).translate(_folded)
    return unicodedata.normalize(
        "NFC", " ".join(whole.split())
    )  # Korean takes a third of the room when composed


def name_key(text: str) -> str:
    """The form in which two names of groups or client tags are equal: whoever searches for one finds the other."""
    return fold(text)


# What decomposes into a blank and an accent: typed alone it is meant as an apostrophe.
_ACCENTS_ALONE = str.maketrans(dict.fromkeys("´\u0384\u1fbd\u1fbf\u1ffd\u1ffe", "'"))


class _Folded(dict[int, str]):
    """What becomes of each character, worked out when it is first met."""

    def __missing__(self, number: int) -> str:
        made = chr(number)
        while (
            again := "".join(map(_step, unicodedata.normalize("NFKD", made.casefold())))
        ) != made:
            made = again
        return self.setdefault(number, made)


_folded = _Folded()


def _step(char: str) -> str:
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
    """The letter without its stroke, hook or tail, where Unicode has no decomposition."""
    name = unicodedata.name(char, "")
    if found := LATIN.fullmatch(name):
        letters = found[1]
        return NAMED.get(letters, letters.lower() if len(letters) <= 2 else char)
    if (found := OTHERS.fullmatch(name)) and (base := _named(found[1])):
        return base
    return char


def _named(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""
