"""Make plausible names from everywhere, in Latin letters or in the country's own script."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from backoffice.text import fold

SOURCE = Path(__file__).with_name("names.txt")
OWN_SCRIPT = 0.35  # share of the names with a script of their own that are written in it
# How addresses spell letters: those that are no Latin letter with an accent, and umlauts.
LATIN = str.maketrans(
    {
        "ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
        "ə": "e", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "'": "", "’": "",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One name, written in Latin letters and in its own script, in addresses and for search.

    `search` and `own_search` are folded from `latin` and `own`.
    """

    latin: str
    own: str
    address: str
    search: str
    own_search: str

    @classmethod
    def parsed(cls, text: str) -> "Word":
        """Parse a name of names.txt: `Eleni/Ελένη` has two scripts, `Greta` has one."""
        latin, _, own = (part.strip() for part in text.partition("/"))
        own = own or latin
        address = fold(latin.casefold().translate(LATIN)).replace(" ", "-")
        return cls(latin, own, address, search=fold(latin), own_search=fold(own))


@dataclass(frozen=True)
class Country:
    """The names of one country, as (given, family), and the dial code of its phone numbers."""

    title: str
    dial: str
    women: tuple[tuple[Word, ...], tuple[Word, ...]]
    men: tuple[tuple[Word, ...], tuple[Word, ...]]


@dataclass(frozen=True)
class Name:
    """A person's name as it is shown, for their address, and folded for search."""

    first: str
    last: str
    address: tuple[str, str]
    search: str
    dial: str


@cache
def countries() -> tuple[Country, ...]:
    """Return every country of names.txt."""
    lines = SOURCE.read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return tuple(_country(block) for block in text.strip().split("\n\n"))


def name(random: Random, country: Country | None = None) -> Name:
    """Return a random name of the country, or of any."""
    country = country or random.choice(countries())
    given, family = random.choice((country.women, country.men))
    first = random.choice(given)
    last = random.choice(family)
    address = (first.address, last.address)
    if (first.own != first.latin) and random.random() < OWN_SCRIPT:
        search = f"{first.own_search} {last.own_search}"
        return Name(first.own, last.own, address, search, country.dial)
    search = f"{first.search} {last.search}"
    return Name(first.latin, last.latin, address, search, country.dial)


def _country(block: str) -> Country:
    """Parse the names of one country: its title with the dial code, and a list for each letter."""
    title, *lines = block.splitlines()
    lists = dict(line.split(": ", 1) for line in lines)
    words = {key: tuple(map(Word.parsed, value.split(","))) for key, value in lists.items()}
    family_of_women = words.get("sf", words["s"])
    return Country(
        title=title[: title.index("+")].strip(),
        dial=title[title.index("+") :],
        women=(words["f"], family_of_women),
        men=(words["m"], words["s"]),
    )
