"""The countries that the demo's clients come from, with their languages, currencies and cities."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from backoffice.demo import names

SOURCE = Path(__file__).with_name("markets.txt")


@dataclass(frozen=True)
class Market:
    """A country with clients.

    Attributes:
        country: its code, as ISO 3166-1 has it.
        names: the names that people have there, as those of one country each.
        form: what follows the name of a company.
        weight: how many of a thousand clients come from there.
    """

    country: str
    names: tuple[names.Country, ...]
    language: str
    currency: str
    form: str
    weight: int
    cities: tuple[str, ...]

    def place(self, random: Random) -> str:
        """Return a city with its country, as sign-ins have it."""
        return f"{random.choice(self.cities)}, {self.country}"


@cache
def markets() -> tuple[Market, ...]:
    """Return every country of markets.txt."""
    lines = SOURCE.read_text("utf-8").splitlines()
    return tuple(_market(line) for line in lines if line and not line.startswith("#"))


def some(random: Random, number: int) -> list[Market]:
    """Return `number` random countries, each as often as its weight says."""
    weights = [market.weight for market in markets()]
    return random.choices(markets(), weights, k=number)


def _market(line: str) -> Market:
    country, titles, language, currency, form, weight, cities = line.split(" | ")
    by_title = {each.title: each for each in names.countries()}
    return Market(
        country=country.strip(),
        names=tuple(by_title[title] for title in titles.split(", ")),
        language=language,
        currency=currency,
        form=form,
        weight=int(weight),
        cities=tuple(cities.split(", ")),
    )
