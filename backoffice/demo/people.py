"""Invent people: one after the other for the demo, or millions of rows for measurements."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
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
    """Return how many digits follow 555 in a number that is as long as those of the country."""
    possible = (6, 7, 5, 4, 8)
    return next(places for places in possible if phones.is_phone(f"{dial}555{'1' * places}"))


@dataclass(frozen=True)
class Person:
    """An invented person; `search` is the folded name."""

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

    def next(self, country: names.Country | None = None) -> Person:
        """Return the next person, of one country or any; about a third of all have no phone."""
        name = names.name(self.random, country)
        email = self._address(name.address)
        number = self._phone(name.dial)
        has_phone = self.random.random() < 0.7
        phone = number if has_phone else ""
        return Person(name.first, name.last, email, phone, name.search, self.uuid())

    def uuid(self) -> UUID:
        """Return the next identifier: a random UUID of version 4, but repeatable."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def reserve(self, email: str) -> None:
        """Keep the part of this address before the @ from being given to anybody else."""
        local, _, _ = email.partition("@")
        self.taken[local] += 1

    def _phone(self, dial: str) -> str:
        # Nobody has a number of the exchange 555: a demo must not print a stranger's number.
        places = _places(dial)
        digits = int(self.random.random() * 10**places)
        return f"{dial}555{digits:0{places}d}".replace(" ", "")

    def _address(self, name: tuple[str, str]) -> str:
        first, last = name
        local = self.random.choice(ADDRESSES).format(first, last, first[0])
        self.taken[local] += 1
        number = self.taken[local]
        suffix = str(number) if number > 1 else ""
        return f"{local}{suffix}@{self.random.choice(DOMAINS)}"


def rows(number: int, seed: int = 1, until: datetime | None = None) -> Iterator[dict[str, object]]:
    """Yield `number` people as values of every needed column of User, for `insert(User)`.

    They are the same for the same seed. They were created, in this order, in the five years
    before `until`. None has a password.
    """
    random = Random(seed)  # noqa: S311  # names, not secrets
    people = People(random)
    until = until or clock.now()
    step = YEARS / max(number, 1)
    for index in range(number):
        created = until - YEARS + index * step
        yield _row(people.next(), random, created, until)


def _row(person: Person, random: Random, created: datetime, until: datetime) -> dict[str, object]:
    status = random.choice(STATUSES)
    changed = created + (until - created) * random.random()
    return {
        **_about(person),
        **_status(status, created, changed),
        "login_method": "email",
        "name_source": "administrator",
        "language": "en",
        "password_state": "none",
        "two_factor": "disabled",
        "ip_whitelist": [],
        "client_tags_mode": "all",
        "preferences": {},
        "version": 1,
        "created_at": created,
        "updated_at": changed,
    }


def _about(person: Person) -> dict[str, object]:
    phone_key = person.phone.lstrip("+")
    return {
        "uuid": person.uuid,
        "email": person.email,
        "email_key": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "phone_key": phone_key,
        "search_key": f"{person.search} {person.email} {phone_key}".rstrip(),
    }


def _status(status: str, created: datetime, changed: datetime) -> dict[str, object]:
    has_joined = status != "invited"
    lost_access = status in ("blocked", "revoked")
    return {
        "status": status,
        "status_before": "active" if lost_access else None,
        "status_at": changed if lost_access else None,
        "status_reason": "",
        "email_verified_at": created + DAY if has_joined else None,
        "last_login_at": changed if has_joined else None,
    }
