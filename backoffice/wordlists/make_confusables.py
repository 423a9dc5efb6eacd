"""Generates confusables.txt.gz from ICU: `python -m backoffice.wordlists.make_confusables`.

Needs `pip install icukit-pyicu==78.3.1`.

ICU contains Unicode's data on characters that look alike (UTS #39). The product itself needs only
the table, not ICU.
"""

import gzip
import sys
import unicodedata
from pathlib import Path

FILE = Path(__file__).with_name("confusables.txt.gz")


def lines() -> list[str]:
    """Return a line for each character that looks like something else.

    It is the character, followed by what it looks like.
    """
    import icu  # type: ignore[import-not-found]  # noqa: PLC0415  # needed only to make the table

    skeleton = icu.SpoofChecker().getSkeleton
    table = []
    for char in map(chr, range(32, sys.maxunicode + 1)):
        is_surrogate = unicodedata.category(char) == "Cs"
        if is_surrogate or unicodedata.normalize("NFD", char) != char:
            continue
        prototype = skeleton(0, char)
        if prototype not in (char, ""):
            table.append(char + prototype)
    return table


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress("\n".join(lines()).encode(), mtime=0))
