"""Invent the demo's clients: owners with their companies, those who work for them, and programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from backoffice.demo.clients import markets
from backoffice.demo.clients.markets import Market
from backoffice.demo.people import People, Person
from backoffice.models import client_groups as groups

YEARS = timedelta(days=3 * 365)  # in which they have joined
ENTERPRISES = 0.35  # share of the clients
COMPANIES = 1 / 3  # share of the unverified enterprises that have told of their company
UNVERIFIED = (groups.EMAIL_NOT_VERIFIED, groups.PHONE_NOT_VERIFIED, groups.KYC_NOT_VERIFIED)
# How many of a hundred clients who stand for themselves are how far: up to KYC of which level.
STAGES = {
    groups.EMAIL_NOT_VERIFIED: 7,
    groups.PHONE_NOT_VERIFIED: 6,
    groups.KYC_NOT_VERIFIED: 21,
    "level 1": 48,
    "level 2": 18,
}
STAFF = (0, 0, 0, 0, 1, 1, 2, 3)  # how many work for an owner, equally likely
# KYC cases of those whom no case has made an owner yet, the latest last.
UNDECIDED = (
    *[()] * 5,
    *[("pending",)] * 5,
    *[("rejected",)] * 2,
    ("expired",),
    ("rejected", "pending"),
    ("rejected", "rejected"),
)
APPROVED = (*[("approved",)] * 6, ("rejected", "approved"), ("expired", "approved"))
# What comes after an approved case of level 1 that has not led to one of level 2.
AFTERWARDS = (*[()] * 12, ("pending",), ("rejected",))
BRANDS = (
    "Amberline", "Arcadia", "Bluewater", "Bright Harbour", "Cedar", "Cobalt", "Compass",
    "Copperfield", "Driftwood", "Evergreen", "Fairwind", "Foxglove", "Granite", "Halcyon",
    "Ironbridge", "Juniper", "Kestrel", "Lantern", "Larkspur", "Lighthouse", "Lumen",
    "Meridian", "Millstone", "Nightingale", "Northgate", "Oakridge", "Orchard", "Osprey",
    "Paperboat", "Pinecrest", "Quayside", "Redwood", "Riverside", "Saltmarsh", "Silverleaf",
    "Snowdrop", "Sparrow", "Sundial", "Tamarind", "Thornbury", "Tideway", "Umber", "Vermilion",
    "Wayfarer", "Westbrook", "Willow", "Windmill", "Yarrow",
)  # fmt: skip
BUSINESSES = (
    "Bookshops", "Bicycles", "Bakeries", "Clinics", "Coffee", "Courses", "Events", "Fashion",
    "Freight", "Furniture", "Games", "Gardens", "Hotels", "Insurance", "Marketplace",
    "Mobility", "Music", "Pharmacies", "Software", "Sports", "Telecom", "Tickets", "Toys",
    "Travel", "Wines",
)  # fmt: skip


@dataclass
class Business:
    """A company to invent: `number` tells it apart."""

    number: int
    brand: str
    business: str
    market: Market
    is_told: bool

    @property
    def name(self) -> str:
        return f"{self.brand} {self.business}"

    @property
    def domain(self) -> str:
        """Where its people have their addresses; nobody else's is touched (RFC 2606)."""
        words = f"{self.brand}-{self.business}".lower().replace(" ", "-")
        return f"{words}-{self.number}.example.com"


@dataclass
class Customer:
    """A client to invent.

    Attributes:
        number: tells them apart.
        group: their client group.
        cases: their KYC cases as (level, state), the latest last.
        business: their company, if they have one.
        owner: whom they work for, if for somebody.
    """

    number: int
    person: Person
    market: Market
    type: str
    group: str
    joined: datetime
    cases: tuple[tuple[int, str], ...] = ()
    business: Business | None = None
    owner: "Customer | None" = None

    @property
    def is_owner(self) -> bool:
        return self.group in groups.STAFF_OF

    @property
    def kyc_state(self) -> str:
        return self.cases[-1][1] if self.cases else "none"


class Customers:
    """A repeatable stream of clients who joined in the years before `until`."""

    def __init__(self, random: Random, until: datetime) -> None:
        self.random = random
        self.until = until
        self.people = People(random)
        self.number = 0
        self.companies = 0

    def some(self, number: int) -> list[Customer]:
        """Return so many clients, in the order in which they joined."""
        found: list[Customer] = []
        for market in markets.some(self.random, number):
            if len(found) >= number:
                break
            found.extend(self._with_staff(market))
        found = sorted(found[:number], key=lambda each: each.joined)
        for place, customer in enumerate(found, 1):
            customer.number = place
        return found

    def _with_staff(self, market: Market) -> Iterator[Customer]:
        """Yield a client who stands for themselves, and those who work for them."""
        random = self.random
        joined = self.until - YEARS * random.random()
        is_enterprise = random.random() < ENTERPRISES
        stage = random.choices(list(STAGES), list(STAGES.values()))[0]
        owner = Customer(
            number=0,
            person=self._person(market),
            market=market,
            type="enterprise" if is_enterprise else "merchant",
            group=_group(stage, is_enterprise=is_enterprise),
            joined=joined,
            cases=self._cases(stage),
        )
        if is_enterprise and (owner.is_owner or random.random() < COMPANIES):
            owner.business = self._business(market)
        yield owner
        if owner.is_owner:
            yield from self._staff(owner)

    def _staff(self, owner: Customer) -> Iterator[Customer]:
        """Yield those who work for an owner, and for one company of eight a program of it."""
        random = self.random
        roles = [groups.STAFF_OF[owner.group]] * random.choice(STAFF)
        if owner.business and random.random() < 0.12:
            roles.append(groups.API)
        for group in roles:
            yield Customer(
                number=0,
                person=self._person(owner.market),
                market=owner.market,
                type=owner.type,
                group=group,
                joined=owner.joined + (self.until - owner.joined) * random.random(),
                business=owner.business,
                owner=owner,
            )

    def _person(self, market: Market) -> Person:
        return self.people.next(self.random.choice(market.names))

    def _business(self, market: Market) -> Business:
        random = self.random
        self.companies += 1
        return Business(
            number=self.companies,
            brand=random.choice(BRANDS),
            business=random.choice(BUSINESSES),
            market=market,
            is_told=random.random() < 0.7,
        )

    def _cases(self, stage: str) -> tuple[tuple[int, str], ...]:
        """Return the KYC cases, as (level, state), that lead to where a client stands."""
        random = self.random
        if stage == groups.KYC_NOT_VERIFIED:
            return _of_level(1, random.choice(UNDECIDED))
        if stage in UNVERIFIED:
            return ()
        second = APPROVED if stage == "level 2" else AFTERWARDS
        first = _of_level(1, random.choice(APPROVED))
        return (*first, *_of_level(2, random.choice(second)))

    def uuid(self) -> UUID:
        return self.people.uuid()


def _of_level(level: int, states: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((level, state) for state in states)


def _group(stage: str, *, is_enterprise: bool) -> str:
    """Return the client group that a stage leads to, as docs/clients.md has it."""
    if stage in UNVERIFIED:
        return stage
    if is_enterprise:
        return groups.ENTERPRISE_OWNER
    return groups.LEGAL_MERCHANT_OWNER if stage == "level 2" else groups.MERCHANT_OWNER
