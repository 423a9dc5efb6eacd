"""Load the demo's clients with all that they have, and block some in the course of the year.

They come from the company's own product when the back office is a day old, in a few statements for
all of them, and those who join later are there already.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain, islice
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select

from backoffice import clock
from backoffice.data import records
from backoffice.demo.agenda import office_hours
from backoffice.demo.clients import kyc
from backoffice.demo.clients import rows as client_rows
from backoffice.demo.clients.belongings import Belongings, Known
from backoffice.demo.clients.owners import UNVERIFIED, Customer, Customers
from backoffice.demo.clients.rows import Row
from backoffice.demo.company import ADMINISTRATORS
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.associations import client_client_tags
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_tag import ClientTag
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.kyc_case import KycCase
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.text.numbers import formatted

BATCH = 5000  # rows of one statement
DAY = timedelta(days=1)
DORMANT = DAY * 365  # without a sign-in
DACH = ("DE", "AT", "CH")
# How many of a hundred clients have a tag that follows from nothing else.
SHARES = {
    "VIP": 4,
    "Small business": 22,
    "Partner": 5,
    "Reseller": 4,
    "High risk": 3,
    "Overdue": 4,
    "Card payments": 34,
    "Bank transfer": 16,
}
MOST_TAGS = 3  # of one client


def plan(office: Office, number: int) -> None:
    """Plan that `number` clients are there from the second day on."""
    if number:
        moment = office.agenda.begin + office.minutes(1500, 1600)
        office.agenda.put(moment, partial(_come, office, number))


def _come(office: Office, number: int) -> None:
    office.tell(_("%(number)s clients with their companies", number=formatted(number)))
    customers = Customers(office.random, office.agenda.end).some(number)
    _add_companies(office, customers)
    known = _add_clients(office, customers)
    _tag(office, known)
    office.tell(_("Their KYC cases, wallets, sign-ins and tokens"))
    _add_belongings(office, known)
    _plan_blocks(office, [client for client in known if client.customer.joined < clock.now()])


def _add_companies(office: Office, customers: Sequence[Customer]) -> None:
    owned = {each.business.number: each.business for each in customers if each.business}
    _insert(Company, (client_rows.company(business, office.random) for business in owned.values()))


def _add_clients(office: Office, customers: Sequence[Customer]) -> list[Known]:
    """Insert the clients, and return them in the order in which they joined."""
    companies = _ids(Company)
    rows = []
    for customer in customers:
        last_login = _last_login(office, customer)
        row = client_rows.client(customer, office.random, last_login, office.agenda.end)
        number = customer.business and client_rows.external_id("B", customer.business.number)
        rows.append(row | {"company_id": companies.get(number or "")})
    _insert(Client.__table__, rows)
    ids = _ids(Client)
    return [
        Known(
            ids[row["external_id"]],
            customer,
            row["email"],
            row["phone"],
            row["status"],
            row["last_login_at"],
        )
        for customer, row in zip(customers, rows, strict=True)
    ]


def _last_login(office: Office, customer: Customer) -> Any:
    """Return when a client signed in last: most of late, and some not for years; None for never."""
    random = office.random
    if customer.group in UNVERIFIED[:1] or random.random() < 0.1:
        return None
    since = office.agenda.end - customer.joined
    return office.agenda.end - since * random.random() ** 3


def _tag(office: Office, known: Iterable[Known]) -> None:
    ids = dict(db.session.execute(select(ClientTag.name, ClientTag.id)).all())
    rows = (
        {"client_id": client.id, "client_tag_id": ids[name]}
        for client in known
        for name in _tags(office, client)
    )
    _insert(client_client_tags, rows)


def _tags(office: Office, known: Known) -> list[str]:
    """Return up to three tags: those that follow from what is known come first."""
    customer = known.customer
    follows = {
        "KYC pending": customer.kyc_state == "pending",
        "KYC refused": customer.kyc_state == "rejected",
        "Dormant": known.last_login is not None and known.last_login < office.agenda.end - DORMANT,
        "DACH": customer.market.country in DACH,
    }
    names = [name for name, is_so in follows.items() if is_so]
    names += [name for name, share in SHARES.items() if office.chance(share / 100)]
    return names[:MOST_TAGS]


def _add_belongings(office: Office, known: Sequence[Known]) -> None:
    made = Belongings(office.random, office.agenda.end)
    cases = [(client, case) for client in known for case in made.kyc_cases(client)]
    kyc.add(office, cases, partial(_insert, KycCase.__table__))
    _insert(Wallet.__table__, chain.from_iterable(map(made.wallets, known)))
    _add_members(made, known)
    _insert(ClientSignIn.__table__, _in_time(made.sign_ins, known))
    _insert(ClientToken.__table__, _in_time(made.tokens, known))


def _add_members(made: Belongings, known: Sequence[Known]) -> None:
    wallets: dict[int, list[int]] = {}
    for client_id, wallet_id in db.session.execute(select(Wallet.client_id, Wallet.id)):
        wallets.setdefault(client_id, []).append(wallet_id)
    ids = {client.customer.number: client.id for client in known}
    rows = (
        row
        for client in known
        for owner_id in [ids[(client.customer.owner or client.customer).number]]
        for row in made.members(client, owner_id, wallets.get(owner_id, ()))
    )
    _insert(WalletMember.__table__, rows)


def _in_time(make: Any, known: Iterable[Known]) -> list[Row]:
    """Return the rows of a log in the order of their times."""
    return sorted(chain.from_iterable(map(make, known)), key=lambda row: row["at"])


def _ids(model: type[Company | Client]) -> dict[str, int]:
    """Return the ids of rows by their numbers in the company's own product."""
    rows = db.session.execute(select(model.external_id, model.id))
    return {external_id or "": row_id for external_id, row_id in rows}


def _insert(table: Any, rows: Iterable[Row]) -> None:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        db.session.execute(insert(table), batch)


def _plan_blocks(office: Office, known: Sequence[Known]) -> None:
    """Plan that some are blocked in the course of the year, and most of them unblocked again."""
    active = [client for client in known if client.status == "active"]
    for client in office.random.sample(active, min(len(active), max(3, len(known) // 500))):
        blocked = office_hours(office.random, clock.now(), office.agenda.end)
        office.agenda.put(blocked, partial(_set_status, office, client.id, "blocked"))
        if office.chance(0.6):
            later = office_hours(office.random, blocked, office.agenda.end)
            office.agenda.put(later, partial(_set_status, office, client.id, "active"))


def _set_status(office: Office, client_id: int, status: str) -> None:
    client = db.session.get_one(Client, client_id)
    records.update(
        actor=office.actor(*ADMINISTRATORS),
        model=Client,
        row_id=client_id,
        version=client.version,
        values={"status": status},
    )
