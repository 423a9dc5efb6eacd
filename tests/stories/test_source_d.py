"""Everything that docs/clients.md says of a payment processor's back office is at its address."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pytest

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_sign_in import RESULTS, ClientSignIn
from backoffice.models.client_tag import ClientTag
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.wallet import Wallet
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.house.source import ROOT
from tests.support.acting import edit
from tests.support.html import Element, read, row_ids

TEXT = (ROOT / "docs" / "clients.md").read_text("utf-8")
ROW = re.compile(r"^\| (.+?) \| `(/admin/[^`]+)` \| (.+) \|$", re.MULTILINE)
LABEL = re.compile(r"\*([^*]+)\*(?: \([^)]*\))?(?: `([\w.]+)`)?")
COUNTER = re.compile(r" \d+$")


class Place(NamedTuple):
    """A row of the table: what is where, each label with the name of its filter or ''."""

    what: str
    address: str
    labels: Sequence[tuple[str, str]]


PLACES = [Place(what, where, LABEL.findall(rest)) for what, where, rest in ROW.findall(TEXT)]
FILTERS = [pair for place in PLACES if "filters" in place.what for pair in place.labels if pair[1]]
TEXTS = (
    *("business_name", "legal_name", "registration_number", "business_type", "address"),
    *("description", "operations_area"),
)
# What each filter is given to find the program alone, or with others like it.
ASKED = {
    "id": "",
    "email": "robot@example.org",
    "client_group": "api",
    "first_name": "Rob",
    "last_name": "Otter",
    "joined_at.from": "",
    "type": "enterprise",
    "is_staff": "yes",
    "is_company_user": "yes",
    "country": "PL",
    "tags": "",
    "kyc_state": "approved",
    "two_factor": "totp",
}


def _texts(page: Element, *tags: str) -> Iterator[str]:
    return (each.text for tag in tags for each in page.all(tag))


def _columns(page: Element) -> Iterator[str]:
    return _texts(page.one("thead"), "th")


def _filters(page: Element) -> Iterator[str]:
    (panel,) = page.all(class_="filter-panel")
    return (
        each.node.text(deep=False).strip()
        for tag in ("legend", "label", "button", "a")
        for each in panel.all(tag)
    )


def _fields(page: Element) -> Iterator[str]:
    yield from _texts(page, "dt")
    yield from (text.partition(":")[0] for text in _texts(page, "h2"))


def _inputs(page: Element) -> Iterator[str]:
    return _texts(page, "label", "legend", "option")


def _tabs(page: Element) -> Iterator[str]:
    return (COUNTER.sub("", text) for text in _texts(page.one("nav", class_="tabs"), "a"))


def _groups(page: Element) -> Iterator[str]:
    return (text for each in page.all("dl", class_="meanings") for text in _texts(each, "dt"))


def _actions(page: Element) -> Iterator[str]:
    return (each.node.text(deep=False).strip() for each in page.all("button", class_="menu-item"))


def _values(page: Element) -> Iterator[str]:
    return _texts(page.one("tbody"), "span")


def _links(page: Element) -> Iterator[str]:
    return _texts(page.one("main"), "a")


def _form(page: Element) -> Iterator[str]:
    return _texts(page.one("main"), "legend", "label", "option")


def _departments(page: Element) -> Iterator[str]:
    return _texts(page.one("main"), "bdi")


# By the last words of what the table says.
FOUND: dict[str, Callable[[Element], Iterator[str]]] = {
    "columns": _columns,
    "filters": _filters,
    "tabs": _tabs,
    "fields": _fields,
    "inputs": _inputs,
    "sections": _fields,
    "groups": _groups,
    "actions": _actions,
    "values": _values,
    "links": _links,
    "form": _form,
    "departments": _departments,
}


def finder(what: str) -> Callable[[Element], Iterator[str]]:
    """Return how the labels of a row of the table are found on its page."""
    return next(found for word, found in reversed(FOUND.items()) if word in what)


@pytest.fixture
def program(cast: Cast) -> int:
    """The id of a client of the group API, of whom everything is filled, beside two people."""
    company = Company(
        **dict.fromkeys(TEXTS, "Harbour"),
        business_site="https://example.org",
        country_of_incorporation="PL",
        employees_number=12,
        other_contact_info="Ask Ivan",
        communication_language="pl",
    )
    row = Customer(
        first_name="Rob",
        last_name="Otter",
        email="robot@example.org",
        email_key="robot@example.org",
        client_group="api",
        type="enterprise",
        is_staff=True,
        company=company,
        country="PL",
        tags=[ClientTag(name="Gold")],
        kyc_state="approved",
        two_factor="totp",
    )
    others = [Customer(first_name=name, status="blocked") for name in ("Ada", "Bo")]
    db.session.add_all([*others, row, Wallet(client=row, name="Main", currency="EUR")])
    signed_in = [ClientSignIn(client=row, at=clock.now(), result=result) for result in RESULTS]
    token = ClientToken(client=row, at=clock.now(), purpose="api", channel="api")
    db.session.add_all([*signed_in, token])
    db.session.commit()
    return row.id


def test_the_table_is_about_all_of_d() -> None:
    """Nothing is left out of it: 11 departments and 10 client groups among them."""
    number = {what: len(labels) for what, _where, labels in PLACES}
    assert number["groups"] == 10
    assert number["departments, as groups of users"] == 11
    assert {name for _label, name in FILTERS} == set(ASKED)
    assert sum(len(place.labels) for place in PLACES) > 130


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.what} of {place.address}")
@pytest.mark.one_engine("sqlite", reason="labels ask nothing of a database")
def test_everything_is_at_its_address(client: Client, program: int, place: Place) -> None:
    olivia = client.sign_in("olivia")
    edit(olivia, "clients", program, first_name="Robbie")  # an event
    answer = olivia.get(place.address.replace("<id>", str(program)))
    if "departments" in place.what:  # in what the sheet would change
        form = {"shipped": "payments", "mode": "merge"}
        answer = olivia.get(olivia.post(place.address, form).location)
    assert answer.status_code == 200, read(answer).one("main").text
    found = set(finder(place.what)(read(answer)))
    if place.what == "actions":  # Activate is there for those who are not active
        found |= set(_actions(read(olivia.get("/admin/clients/1"))))
    assert {label for label, _name in place.labels} - found == set()


@pytest.mark.parametrize("name", ASKED)
def test_each_filter_finds_whom_it_says(client: Client, program: int, name: str) -> None:
    olivia = client.sign_in("olivia")
    row = db.session.get_one(Customer, program)
    asked = {
        "id": program,
        "tags": row.tags[0].id,
        "joined_at.from": f"{row.joined_at:%Y-%m-%d}",
    }
    value = asked.get(name, ASKED[name])
    answer = olivia.get(f"/admin/clients/?{name}={value}")
    assert answer.status_code == 200
    everybody = {program, *row_ids(olivia.get("/admin/clients/"))}
    assert set(row_ids(answer)) == (everybody if name == "joined_at.from" else {program})


@pytest.mark.one_engine("sqlite", reason="labels ask nothing of a database")
def test_only_a_program_has_the_tab_of_an_api_user(client: Client, program: int) -> None:
    olivia = client.sign_in("olivia")
    assert "API user" not in set(_tabs(read(olivia.get("/admin/clients/1"))))
    assert olivia.get("/admin/clients/1?tab=api-user").status_code == 404
