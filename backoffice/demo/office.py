"""Hold what all deeds of the demo's year share: randomness, agenda, people and actors."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from sqlalchemy import select

from backoffice.auth.actors import actor_of
from backoffice.auth.attempts import Origin
from backoffice.demo.agenda import Agenda
from backoffice.demo.people import People
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1"
DEVICES = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {WEBKIT} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} Mobile Safari/537.36",
)
# RFC 5737 reserves these networks for documentation, and RFC 3849 reserves 2001:db8::/32.
OFFICES = "192.0.2"
HOMES = "198.51.100"
ABROAD = "203.0.113"  # where strangers come from


@dataclass(frozen=True)
class Member:
    """A user who has joined, and where they sign in from."""

    id: int
    email: str
    origin: Origin


@dataclass
class Office:
    """The demo while it is being made.

    - `size` is the number of people.
    - `secret` is everyone's password during the year; nobody ever learns it.
    - `groups` holds the ids of groups by name.
    - `tags` holds the ids of client tags.
    - `members` are the users who sign in now and then.
    - `marks` holds the marks of people's browsers by e-mail address.
    - `protected` holds the ids of the accounts to sign in as, which no deed takes away.
    - `tell` is called with a sentence at the beginning of each part.
    """

    settings: Settings
    random: Random
    agenda: Agenda
    people: People
    size: int
    secret: str
    groups: dict[str, int] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    protected: list[int] = field(default_factory=list)
    tell: Callable[[str], object] = lambda _part: None
    _actors: dict[str, Actor] = field(default_factory=dict)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random.random() < probability

    def minutes(self, least: float, most: float) -> timedelta:
        """Return a random time between these numbers of minutes."""
        return timedelta(minutes=self.random.uniform(least, most))

    def scaled(self, number: int) -> int:
        """Scale the `number` of what 2,000 people do to the company's size.

        A larger company does not do it more often, and a smaller one at least three times, or
        `number` times if that is less.
        """
        scaled = round(number * min(1, self.size / 2000))
        return max(min(number, 3), scaled)

    def origin(self) -> Origin:
        """Return a random place that somebody signs in from: an address and a browser."""
        random = self.random
        ip = f"{random.choice((OFFICES, OFFICES, HOMES))}.{random.randrange(1, 255)}"
        if self.chance(0.15):
            ip = f"2001:db8:{random.randrange(1, 65536):x}::{random.randrange(1, 65536):x}"
        return Origin(ip, random.choice(DEVICES), f"{random.getrandbits(64):016x}")

    def actor(self, *emails: str) -> Actor:
        """Return one of the accounts with these addresses as an actor with a request of its own."""
        email = self.random.choice(emails)
        if email not in self._actors:
            user = db.session.scalars(select(User).where(User.email_key == email)).one()
            self._actors[email] = actor_of(user, confirmed=True)
        ip = f"{OFFICES}.{10 + len(email)}"
        request_id = f"{self.random.getrandbits(64):016x}"
        return replace(self._actors[email], ip=ip, request_id=request_id)
