"""Compare what names look like: two names with the same skeleton look the same (UTS #39)."""

import gzip
import unicodedata
from functools import cache
from pathlib import Path

from backoffice.text.characters import LONGEST, is_unseen

TABLE = Path(__file__).parents[1] / "wordlists" / "confusables.txt.gz"
HYPHENS = "Pd"  # the category of all kinds of hyphens


def skeleton(name: str) -> str:
    """Return the form in which names that look alike are equal.

    `Admin` with a Cyrillic A has the skeleton of `Admin`, and `AIpha` that of `Alpha`.

    Names differ neither by case nor by accents. Therefore a word in capitals counts as one in
    lower case. A capital I counts as the l that it looks like, and so does an i at the beginning
    of a word, where it may stand for a capital.
    """
    visible = "".join(c for c in name[:LONGEST] if not is_unseen(c))
    words = unicodedata.normalize("NFKC", visible).split()
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    if word == word.upper():
        word = word.lower()
    # Prototypes may be capitals: they are replaced again in lower case.
    replaced = _replaced(_replaced(word).lower())
    return f"l{replaced[1:]}" if replaced.startswith("i") else replaced


def _replaced(word: str) -> str:
    """Replace each character by its prototype, and remove accents before and after that."""
    return _without_accents("".join(map(_prototype, _without_accents(word))))


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _prototype(char: str) -> str:
    if unicodedata.category(char) == HYPHENS:
        return "-"
    return prototypes().get(char, char)


@cache
def prototypes() -> dict[str, str]:
    """Return the prototype of every character that looks like another one.

    The table is read at the first call.
    """
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="\n") as lines:
        return {line[0]: line[1:] for line in lines.read().split("\n")}
