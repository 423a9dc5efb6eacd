"""Make rows of what the demo's clients have and do: KYC cases, wallets, sign-ins and tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from babel.numbers import get_currency_precision

from backoffice.demo.clients.owners import UNVERIFIED, Customer
from backoffice.demo.clients.rows import external_id
from backoffice.models import client_groups as groups
from backoffice.models.keys import search_key, with_keys
from backoffice.models.wallet import Wallet
from backoffice.text import masks

Row = dict[str, Any]
DAY = timedelta(days=1)
KYC_REASONS = {
    "approved": ("Identity confirmed", "Documents match", "Register extract checked"),
    "rejected": ("The document is unreadable", "The name does not match", "The photo is blurred"),
    "expired": ("No documents within thirty days",),
}
STRONG = ("EUR", "USD", "GBP")  # currencies that people have besides their own
# Each as often as it stands here: result and reason of a sign-in.
SIGN_INS = (
    *[("ok", "")] * 16,
    *[("failed", "wrong_password")] * 2,
    ("failed", "wrong_factor"),
    ("blocked", "wrong_ip"),
)
FEW = (0, 0, 1, 1, 2, 3, 5)  # how many sign-ins are kept besides the last, equally likely
BLOCKED = ("blocked", "not_active")
WEB = ("Chrome on Windows", "Safari on iOS", "Firefox on Linux", "Chrome on Android")
PROGRAMS = ("python-requests/2.32", "okhttp/4.12", "GuzzleHttp/7")
# RFC 5737 and RFC 3849 reserve these networks for documentation.
NETWORKS = ("192.0.2.{}", "198.51.100.{}", "203.0.113.{}", "2001:db8:{:x}::1")
KEPT = timedelta(days=90)  # how long sign-ins and tokens are kept by the company's own product


@dataclass(frozen=True)
class Known:
    """A client in the database, with what was invented about them."""

    id: int
    customer: Customer
    email: str | None
    phone: str
    status: str
    last_login: datetime | None


class Belongings:
    """Make the rows of what clients have until `until`; all numbers and times are repeatable."""

    def __init__(self, random: Random, until: datetime) -> None:
        self.random = random
        self.until = until

    def kyc_cases(self, known: Known) -> Iterator[Row]:
        """Yield the client's cases, one after the other; the last one says where they stand."""
        customer = known.customer
        share = (self.until - customer.joined) / (len(customer.cases) + 1)
        step = min(share, DAY * 20)
        for place, (level, state) in enumerate(customer.cases):
            submitted = customer.joined + step * (place + 0.5 * self.random.random())
            yield {
                "client_id": known.id,
                "external_id": external_id("K", customer.number) + f"-{place + 1}",
                "level": level,
                "state": state,
                "submitted_at": submitted,
                "documents": [],
                "created_at": submitted,
                **self._decision(state, submitted, step),
            }

    def _decision(self, state: str, submitted: datetime, step: timedelta) -> Row:
        """Return when and why a case was decided, by nobody here."""
        random = self.random
        decided = submitted + step * 0.4 * random.random()
        is_decided = state != "pending"
        return {
            "decided_at": decided if is_decided else None,
            "decided_by_id": None,
            "reason": random.choice(KYC_REASONS[state]) if is_decided else "",
            "updated_at": decided if is_decided else submitted,
        }

    def wallets(self, known: Known) -> Iterator[Row]:
        """Yield one to four wallets of an owner, in their own currency and in strong ones."""
        if not known.customer.is_owner:
            return
        for place, (name, currency) in enumerate(self._accounts(known.customer), 1):
            row = self._wallet(known, f"{name} {currency}", currency)
            row["external_id"] = external_id("W", known.customer.number) + f"-{place}"
            yield with_keys(Wallet, row) | {"search_key": search_key(Wallet, row)}

    def _accounts(self, customer: Customer) -> Iterator[tuple[str, str]]:
        """Yield what each wallet is called, and its currency."""
        random = self.random
        own = customer.market.currency
        others = [currency for currency in STRONG if currency != own]
        number = random.choice((0, 0, 0, 1, 1, 2))
        for currency in (own, *random.sample(others, number)):
            yield "Main", currency
        if random.random() < 0.2:
            yield "Payouts", own

    def _wallet(self, known: Known, name: str, currency: str) -> Row:
        random = self.random
        joined = known.customer.joined
        opened = joined + min(DAY * 30, self.until - joined) * random.random()
        status = random.choice(("active",) * 30 + ("blocked", "closed"))
        return {
            "client_id": known.id,
            "name": name,
            "currency": currency,
            "balance": Decimal(0) if status == "closed" else self._amount(currency),
            "status": status,
            "opened_at": opened,
            "created_at": opened,
            "updated_at": opened,
        }

    def _amount(self, currency: str) -> Decimal:
        """Return an amount: many small ones, few large ones, with the places of the currency."""
        places = min(get_currency_precision(currency), 4)
        amount = Decimal(self.random.lognormvariate(6.5, 2))
        return round(min(amount, Decimal(10**9)), places)

    def members(self, known: Known, owner_id: int, theirs: Sequence[int]) -> Iterator[Row]:
        """Yield who works with the wallets of an owner: the owner with all, staff with some."""
        is_owner = known.id == owner_id
        if not is_owner and theirs:
            theirs = self.random.sample(theirs, self.random.randint(1, len(theirs)))
        for wallet_id in theirs:
            yield {
                "wallet_id": wallet_id,
                "client_id": known.id,
                "role": "owner" if is_owner else "staff",
                "created_at": known.customer.joined,
                "updated_at": known.customer.joined,
            }

    def sign_ins(self, known: Known) -> Iterator[Row]:
        """Yield the client's last sign-ins, the newest successful one at their last login."""
        if known.last_login is None:
            return
        random = self.random
        since = max(known.customer.joined, known.last_login - KEPT)
        attempts = [
            (since + (known.last_login - since) * random.random(), random.choice(SIGN_INS))
            for _ in range(random.choice(FEW))
        ]
        attempts.append((known.last_login, ("ok", "")))
        if known.status == "blocked":
            later = known.last_login + (self.until - known.last_login) * random.random()
            attempts.append((later, BLOCKED))
        origin = self._origin(known)
        for at, (result, reason) in attempts:
            yield self._sign_in(known, at, result, reason) | origin

    def _origin(self, known: Known) -> Row:
        """Return where a client signs in from, always the same."""
        random = self.random
        is_program = known.customer.group == groups.API
        return {
            "ip": random.choice(NETWORKS).format(random.randrange(1, 255)),
            "device": random.choice(PROGRAMS if is_program else WEB),
            "place": known.customer.market.place(random),
        }

    def _sign_in(self, known: Known, at: datetime, result: str, reason: str) -> Row:
        session = f"s_{self.random.getrandbits(48):012x}" if result == "ok" else ""
        return {
            "client_id": known.id,
            "at": at,
            "result": result,
            "reason": reason,
            "session": session,
        }

    def tokens(self, known: Known) -> Iterator[Row]:
        """Yield the codes that were sent to the client when they joined and signed in.

        A program has a token instead, which works until it is revoked.
        """
        if known.customer.group == groups.API:
            yield _of_program(known)
        else:
            yield from self._codes(known)

    def _codes(self, known: Known) -> Iterator[Row]:
        random = self.random
        joined = known.customer.joined
        if known.email:
            state = "sent" if known.customer.group in UNVERIFIED[:1] else "used"
            yield self._token(known, joined, "email_code", state)
        if known.phone and known.customer.group not in UNVERIFIED[:1]:
            state = "expired" if known.customer.group in UNVERIFIED[:2] else "used"
            yield self._token(known, joined + DAY * random.random(), "phone_code", state)
        if known.email and known.last_login and random.random() < 0.3:
            state = random.choice(("used", "used", "used", "expired", "superseded", "failed"))
            yield self._token(known, known.last_login, "sign_in_code", state)

    def _token(self, known: Known, at: datetime, purpose: str, state: str) -> Row:
        by_phone = purpose == "phone_code"
        if state == "sent" and at < self.until - DAY:
            state = "expired"
        return {
            "client_id": known.id,
            "at": min(at, self.until),
            "recipient": masks.phone(known.phone) if by_phone else masks.email(known.email or ""),
            "channel": "sms" if by_phone else "email",
            "purpose": purpose,
            "state": state,
            "expires_at": at + DAY,
        }


def _of_program(known: Known) -> Row:
    """Return the token of a program, which has no end."""
    return {
        "client_id": known.id,
        "at": known.customer.joined,
        "recipient": "",
        "channel": "api",
        "purpose": "api",
        "state": "revoked" if known.status == "blocked" else "sent",
        "expires_at": None,
    }
