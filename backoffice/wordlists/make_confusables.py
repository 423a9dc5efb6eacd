"""Makes confusables.txt.gz anew, out of ICU: `python -m backoffice.wordlists.make_confusables`.

Needs `pip install icukit-pyicu==78.3.1`.

ICU knows Unicode's data on characters that look alike (UTS #39); the product needs the table alone, not ICU.
"""

import gzip
import sys
import unicodedata
from pathlib import Path

FILE = Path(__file__).with_name("confusables.txt.gz")


def lines() -> list[str]:
    """One line a character that looks like something else: the character, then what it looks like."""
    import icu  # type: ignore[import-not-found]  # noqa: PLC0415  # needed only by whoever makes the table

    skeleton = icu.SpoofChecker().getSkeleton
    found = []
    for char in map(chr, range(32, sys.maxunicode + 1)):
        whole = unicodedata.category(char) != "Cs" and unicodedata.normalize("NFD", char) == char
        if whole and (prototype := skeleton(0, char)) not in (char, ""):
            found.append(char + prototype)
    return found


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress("\n".join(lines()).encode(), mtime=0))
