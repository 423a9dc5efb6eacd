"""People who never were: one after the other for the demo, or as rows by the million for measurements."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from backoffice import clock
from backoffice.demo import names
from backoffice.text import phones

DOMAINS = ("example.com",) * 6 + ("example.org",) * 3 + ("example.net",)
ADDRESSES = ("{0}.{1}", "{0}.{1}", "{0}.{1}", "{1}.{0}", "{2}.{1}", "{0}_{1}", "{0}")
STATUSES = ("active",) * 16 + ("invited", "invited", "blocked", "revoked")
YEARS = timedelta(days=5 * 365)
DAY = timedelta(days=1)


@cache
def _places(dial: str) -> int:
    """How many digits follow 555 in a number that is as long as those of the country."""
    return next(places for places in (6, 7, 5, 4, 8) if phones.is_phone(f"{dial}555{'1' * places}"))


@dataclass(frozen=True)
class Person:
    """What a form about a new person would hold; `search` is the folded name."""

    first_name: str
    last_name: str
    email: str
    phone: str
    search: str
    uuid: UUID


class People:
    """An endless, repeatable stream of people, no two of whom share an address."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.taken: Counter[str] = Counter()

    def next(self) -> Person:
        """The next person."""
        name, chance = names.name(self.random), self.random.random
        email = self._address(name.address)
        # The exchange 555 is nobody's: a demo must not print a stranger's number.
        places = _places(name.dial)
        number = f"{name.dial}555{int(chance() * 10**places):0{places}d}".replace(" ", "")
        phone = number if chance() < 0.7 else ""
        return Person(name.first, name.last, email, phone, name.search, self.uuid())

    def uuid(self) -> UUID:
        """The next identifier, like any other but repeatable."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def reserve(self, email: str) -> None:
        """Nobody else gets this address, in any domain."""
        self.taken[email.partition("@")[0]] += 1

    def _address(self, name: tuple[str, str]) -> str:
        first, last = name
        local = self.random.choice(ADDRESSES).format(first, last, first[0])
        self.taken[local] += 1
        number = self.taken[local]
        return f"{local}{number if number > 1 else ''}@{self.random.choice(DOMAINS)}"


def rows(number: int, seed: int = 1, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """`number` people as values of every needed column of User, for `insert(User)`; the same for the same seed.

    They were created, in this order, in the five years before `until`. None has a password.
    """
    random = Random(seed)  # noqa: S311  # names, not secrets
    people, until = People(random), until or clock.now()
    step = YEARS / max(number, 1)
    for index in range(number):
        yield _row(people.next(), random, until - YEARS + index * step, until)


def _row(person: Person, random: Random, created: datetime, until: datetime) -> dict[str, Any]:
    status = random.choice(STATUSES)
    came = status != "invited"
    changed = created + (until - created) * random.random()
    return {
        "uuid": person.uuid, "login_method": "email", "email": person.email, "email_key": person.email,
        "first_name": person.first_name, "last_name": person.last_name, "name_source": "administrator",
        "phone": person.phone, "phone_key": person.phone.lstrip("+"), "language": "en", "status": status,
        "status_before": "active" if status in ("blocked", "revoked") else None,
        "status_at": changed if status in ("blocked", "revoked") else None, "status_reason": "",
        "email_verified_at": created + DAY if came else None, "password_state": "none", "two_factor": "disabled",
        "ip_whitelist": [], "client_tags_mode": "all", "preferences": {}, "version": 1, "created_at": created,
        "updated_at": changed, "last_login_at": changed if came else None,
        "search_key": f"{person.search} {person.email} {person.phone.lstrip('+')}".rstrip(),
    }  # fmt: skip
