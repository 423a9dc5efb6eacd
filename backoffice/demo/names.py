"""Plausible names from everywhere, in Latin letters or in the country's own script."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from backoffice.text import fold

SOURCE = Path(__file__).with_name("names.txt")
OWN_SCRIPT = 0.35  # how many of those who could be written in their own script are
# Letters that do not decompose into a Latin one and an accent.
LATIN = str.maketrans(
    {"ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ə": "e", "ä": "ae",
     "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "'": "", "’": ""}
)  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One name: as it is written in Latin letters, in the own script, in addresses and in search."""

    latin: str
    own: str
    address: str
    search: str
    own_search: str

    @classmethod
    def parsed(cls, text: str) -> "Word":
        """`Eleni/Ελένη` has two scripts, `Greta` has one."""
        latin, _, own = (part.strip() for part in text.partition("/"))
        plain = fold(latin.casefold().translate(LATIN)).replace(" ", "-")
        return cls(latin, own or latin, plain, fold(latin), fold(own or latin))


@dataclass(frozen=True)
class Country:
    """The names of one country, (given, family) for women and for men, and how its telephone numbers begin."""

    dial: str
    women: tuple[tuple[Word, ...], tuple[Word, ...]]
    men: tuple[tuple[Word, ...], tuple[Word, ...]]


@dataclass(frozen=True)
class Name:
    """A person's name as it is shown, as it stands in an address, and folded for search."""

    first: str
    last: str
    address: tuple[str, str]
    search: str
    dial: str


@cache
def countries() -> tuple[Country, ...]:
    """Every country of names.txt."""
    text = "\n".join(
        line for line in SOURCE.read_text("utf-8").splitlines() if not line.startswith("#")
    )
    return tuple(_country(block) for block in text.strip().split("\n\n"))


def name(random: Random) -> Name:
    """The next name that chance has it."""
    country = random.choice(countries())
    given, family = random.choice((country.women, country.men))
    first, last = random.choice(given), random.choice(family)
    address = (first.address, last.address)
    if (first.own != first.latin) and random.random() < OWN_SCRIPT:
        return Name(
            first.own, last.own, address, f"{first.own_search} {last.own_search}", country.dial
        )
    return Name(first.latin, last.latin, address, f"{first.search} {last.search}", country.dial)


def _country(block: str) -> Country:
    title, *lines = block.splitlines()
    lists = dict(line.split(": ", 1) for line in lines)
    words = {key: tuple(map(Word.parsed, value.split(","))) for key, value in lists.items()}
    dial = title[title.index("+") :]
    return Country(dial, (words["f"], words.get("sf", words["s"])), (words["m"], words["s"]))
