"""What a name looks like: two names with one skeleton cannot be told apart by reading (UTS #39)."""

import gzip
import unicodedata
from functools import cache
from pathlib import Path

from backoffice.text.characters import LONGEST, is_unseen

TABLE = Path(__file__).parents[1] / "wordlists" / "confusables.txt.gz"
HYPHENS = "Pd"


def skeleton(name: str) -> str:
    """The form in which two names that look alike are equal, as `Admin` with a Cyrillic A is, or `AIpha` and `Alpha`.

    Names differ neither by case nor by accents, so that a word in capitals counts as one in small letters; a capital
    I is an l, as it looks, and so is an i at the beginning of a word, where it may be one.
    """
    seen = "".join(c for c in name[:LONGEST] if not is_unseen(c))
    return " ".join(map(_word, unicodedata.normalize("NFKC", seen).split()))


def _word(word: str) -> str:
    if word == word.upper():
        word = word.lower()
    found = _looked(_looked(word).lower())
    return f"l{found[1:]}" if found.startswith("i") else found


def _looked(word: str) -> str:
    bare = (c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    whole = "".join(
        "-" if unicodedata.category(c) == HYPHENS else prototypes().get(c, c) for c in bare
    )
    return "".join(c for c in unicodedata.normalize("NFD", whole) if not unicodedata.combining(c))


@cache
def prototypes() -> dict[str, str]:
    """What each character looks like, of those that look like another; read when first asked for."""
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="\n") as lines:
        return {line[0]: line[1:] for line in lines.read().split("\n")}
