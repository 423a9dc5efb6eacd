"""Who is limited by tags and countries sees the clients that both let through, on every path.

Nine clients have an own tag, another or none, and an own country, another or none. Max sees them
with every mode of the one and of the other limit.
"""

import re
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock, events, limits
from backoffice.dashboard.parts import Counts, Figure, Latest, Share, Trend
from backoffice.data import lists, saved_views
from backoffice.extensions import db
from backoffice.models.client import Client as Row
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_tag import ClientTag
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.kyc_case import KycCase
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.policy.actor import system
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    confirmed,
    edit,
    outcome,
    previewed,
    run_at,
)
from tests.support.html import error_at, read, row_ids
from tests.support.told import told

MODES = ("all", "only", "except")
OWN, OTHER, NONE = "own", "other", "none"
KINDS = (OWN, OTHER, NONE)
COUNTRIES = {OWN: "DE", OTHER: "FR", NONE: None}
NAME = re.compile(r"Clara (?:own|other|none)-(?:own|other|none)")


class Clients:
    """The nine clients by name, with one row each of all that belongs to a client."""

    def __init__(self) -> None:
        self.tags = {kind: ClientTag(name=f"Tag {kind}") for kind in (OWN, OTHER)}
        self.shared = Company(business_name="Shared")
        self.empty = Company(business_name="Empty")
        db.session.add_all([*self.tags.values(), self.shared, self.empty])
        self.rows = {_name(*kinds): self._client(*kinds) for kinds in product(KINDS, KINDS)}
        db.session.commit()
        self.ids = {row.id: name for name, row in self.rows.items()}
        for row_id in self.ids:
            events.record(actor=system(), action="clients.create", subject=("clients", row_id))
        settle()

    def _client(self, tag: str, country: str) -> Row:
        tags = [self.tags[tag]] if tag != NONE else []
        row = Row(first_name="Clara", last_name=f"{tag}-{country}", country=COUNTRIES[country])
        row.tags, row.company = tags, self.shared
        wallet = Wallet(client=row, name="Main", currency="EUR")
        member = WalletMember(wallet=wallet, client=row, role="owner")
        sign_in = ClientSignIn(client=row, at=clock.now(), result="ok")
        token = ClientToken(client=row, at=clock.now(), purpose="password")
        db.session.add_all([row, wallet, member, KycCase(client=row), sign_in, token])
        return row

    def limit(self, tags_mode: str, countries_mode: str) -> set[str]:
        """Limit Max to, or from, the own tag and country; return the names that he sees then."""
        max_ = Cast().max
        max_.client_tags_mode, max_.client_tags = tags_mode, [self.tags[OWN]]
        max_.countries_mode, max_.countries = countries_mode, [COUNTRIES[OWN]]
        settle()
        return {
            _name(tag, country)
            for tag, country in product(KINDS, KINDS)
            if _lets_through(tags_mode, tag) and _lets_through(countries_mode, country)
        }


def _name(tag: str, country: str) -> str:
    return f"Clara {tag}-{country}"


def _lets_through(mode: str, kind: str) -> bool:
    return {"all": True, "only": kind == OWN, "except": kind != OWN}[mode]


@pytest.fixture
def clients(cast: Cast) -> Clients:
    return Clients()


@pytest.fixture
def boss(client: Client, clients: Clients) -> Client:
    return client.sign_in("max")


def named(answer: Any) -> set[str]:
    """Return the names of clients that a page tells."""
    assert answer.status_code == 200, answer.status_code
    return set(NAME.findall(answer.text))


PAGES = (
    "/admin/clients/",
    "/admin/clients/?search=clara",
    "/admin/clients/?status=active&sort=-joined_at",
    "/admin/clients/export.json",
    "/admin/wallets/",
    "/admin/wallet-members/",
    "/admin/kyc-cases/",
    "/admin/client-sign-ins/",
    "/admin/client-tokens/",
    "/admin/kyc-cases/lookup/client?search=clara",
    "/admin/events/?search=clients",
    "/admin/events/export.json",
)
SHORT_PAGES = ("/find?q=clara", "/")  # which name the first, or the latest


def test_every_page_has_the_clients_that_both_limits_let_through(
    boss: Client, clients: Clients
) -> None:
    view = saved_views.create(
        actor=Cast().actor("max"), screen="clients", name="Active", address="status=active"
    )
    db.session.commit()
    mark = str(view.id)
    for modes in product(MODES, MODES):
        seen = clients.limit(*modes)
        for page in PAGES:
            assert named(boss.get(page)) == seen, (modes, page)
        for page in SHORT_PAGES:
            assert named(boss.get(page)) <= seen, (modes, page)
        _check_rows(boss, clients, seen)
        _check_companies(boss, clients, seen)
        _check_actions(boss, clients, seen)
        counts = boss.get("/admin/clients/views/counts").json["counts"]
        assert counts[mark] == str(len(seen)), modes
        _check_figures(len(seen))


def _check_rows(boss: Client, clients: Clients, seen: set[str]) -> None:
    listed = boss.get("/admin/clients/")
    assert {clients.ids[row_id] for row_id in row_ids(listed)} == seen
    assert f"{len(seen)} client" in listed.text
    for name in (next(iter(seen)), next(iter({*clients.rows} - seen), None)):
        if name:
            address = f"/admin/clients/{clients.rows[name].id}"
            status = 200 if name in seen else 404
            assert {boss.get(address + page).status_code for page in ("", "/menu")} == {status}


def _check_companies(boss: Client, clients: Clients, seen: set[str]) -> None:
    """Companies of clients who are seen are listed, and those that have none."""
    page = boss.get(f"/admin/companies/{clients.shared.id}?tab=clients")
    assert named(page) == seen
    expected = {clients.shared.id, clients.empty.id} if seen else {clients.empty.id}
    assert set(row_ids(boss.get("/admin/companies/"))) == expected


def _check_actions(boss: Client, clients: Clients, seen: set[str]) -> None:
    """All that match are those who are seen, and of ticked rows the others are not taken."""
    everybody = previewed(boss, "clients", "delete", all_matching="1")
    ticked = previewed(boss, "clients", "delete", *clients.ids)
    for page in (everybody, ticked):
        assert named(page) == seen
        assert told(page).title.removesuffix("s") == f"Delete {len(seen)} client"


def _check_figures(number: int) -> None:
    actor = Cast().actor("max")
    assert Figure(Row).count(actor) == number
    assert dict(Counts(Row.status).counts(actor))["active"] == number
    assert Share(Row.status).spread(actor).numbers["active"] == number
    assert sum(count for _day, count in Trend(Row.joined_at).by_day(actor)) == number
    assert len(Latest(Row, number=9).rows(actor)) == number
    assert Figure(KycCase).count(actor) == Figure(Wallet).count(actor) == number


def test_what_is_not_seen_any_more_is_left_alone_at_the_run(boss: Client, clients: Clients) -> None:
    """A preview of all nine is decided again; what belongs to others is stale."""
    names = {member.id: member.client.name for member in db.session.scalars(select(WalletMember))}
    page = previewed(boss, "wallet-members", "delete", *names)
    seen = clients.limit("only", "except")
    done = run_at(confirmed(boss, "wallet-members", "delete", page))
    for row_id, name in names.items():
        assert outcome(done, row_id)[0] == ("done" if name in seen else "stale"), name
    assert db.session.scalar(select(func.count(WalletMember.id))) == 7


def test_limits_act_at_the_next_request(app: Flask, boss: Client, clients: Clients) -> None:
    olivia = app.test_client().sign_in("olivia")
    assert len(row_ids(boss.get("/admin/clients/"))) == 9
    form = {"countries_mode": "only", "countries": ["", "FR"]}
    assert edit(olivia, "users", Cast().max.id, **form).status_code == 303
    assert named(boss.get("/admin/clients/")) == {_name(tag, OTHER) for tag in KINDS}
    act(olivia, "users", "set-countries", Cast().max.id, mode="except", countries=["FR"])
    assert len(row_ids(boss.get("/admin/clients/"))) == 6
    assert len(row_ids(boss.get("/admin/clients/?country=DE"))) == 3
    assert len(row_ids(boss.get(f"/admin/clients/?tags={clients.tags[OWN].id}"))) == 2


def test_nobody_writes_a_client_out_of_their_own_sight(boss: Client, clients: Clients) -> None:
    clients.limit("only", "only")
    own, other = clients.tags[OWN].id, clients.tags[OTHER].id
    for form, field in (
        ({"country": "DE", "tags": [""]}, "tags"),
        ({"country": "DE", "tags": ["", other]}, "tags"),
        ({"country": "DE", "tags": ["", own, other]}, "tags"),
        ({"country": "FR", "tags": ["", own]}, "country"),
        ({"country": "", "tags": ["", own]}, "country"),
    ):
        assert error_at(add(boss, "clients", last_name="New", **form), field), form
        seen = clients.rows[_name(OWN, OWN)].id
        assert error_at(edit(boss, "clients", seen, **form), field), form
    form = {"country": "DE", "tags": ["", own]}
    answer = add(boss, "clients", last_name="New", **form)
    assert answer.status_code == 303
    assert "New" in boss.get("/admin/clients/").text


def test_tags_beyond_ones_own_are_offered_to_nobody_and_stay(
    boss: Client, clients: Clients
) -> None:
    clients.limit("only", "all")
    both = clients.rows[_name(OWN, OWN)]
    both.tags = [*clients.tags.values()]
    settle()
    fields = read(boss.get(f"/admin/clients/{both.id}/edit")).one("fieldset", id="tags")
    assert [label.text for label in fields.all("label")] == ["Tag own"]
    form = {"first_name": "Klara", "tags": ["", clients.tags[OWN].id]}
    assert edit(boss, "clients", both.id, **form).status_code == 303
    settle()
    assert (both.first_name, len(both.tags)) == ("Klara", 2)
    assert error_at(edit(boss, "clients", both.id, tags=[""]), "tags")
    clients.limit("except", "all")
    fields = read(boss.get("/admin/clients/new")).one("fieldset", id="tags")
    assert [label.text for label in fields.all("label")] == ["Tag other"]


def test_a_part_of_the_rows_is_counted_less_far_than_all(
    boss: Client, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To count one row of twenty, the nineteen others are read as well."""
    monkeypatch.setattr(limits, "COUNTED_OF_PART", 2)
    monkeypatch.setattr(lists, "MANY", 3)
    counted = {("all", "all"): "9", ("only", "all"): "2+", ("except", "only"): "2"}
    for modes, number in counted.items():
        seen = clients.limit(*modes)
        page = boss.get("/admin/clients/?search=clara")
        assert named(page) == seen, modes
        for heading in (page, boss.get("/admin/wallets/")):
            assert f" {number} " in read(heading).one("h1").text, modes
        tabs = read(boss.get(f"/admin/companies/{clients.shared.id}")).all("a")
        assert f"Clients {number}" in [tab.text for tab in tabs], modes
