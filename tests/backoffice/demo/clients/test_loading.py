"""The demo's clients: as many as asked for, each one's state as their history has it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select, true

from backoffice import clock, demo
from backoffice.demo.clients.markets import markets
from backoffice.extensions import db
from backoffice.models import client_groups as groups
from backoffice.models.associations import client_client_tags
from backoffice.models.client import Client
from backoffice.models.client_groups import CLIENT_GROUPS
from backoffice.models.client_sign_in import RESULTS, ClientSignIn
from backoffice.models.client_tag import ClientTag
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.keys import search_key
from backoffice.models.kyc_case import KycCase
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.text import address_key, masks
from tests.support.acting import act
from tests.support.html import row_ids

CLIENTS = 700
PASSWORD = "five-words-for-the-demo"


@pytest.fixture
def company(app: Flask, world: Callable[..., None]) -> None:
    def build() -> None:
        settings = app.extensions["settings"]
        demo.load(settings=settings, number=50, number_of_clients=CLIENTS)
        demo.set_password(PASSWORD, settings)
        db.session.commit()

    world("demo_clients", build)


def clients() -> list[Client]:
    return list(db.session.scalars(select(Client).order_by(Client.id)))


def log(area: str, row_id: int) -> set[tuple[int | None, datetime]]:
    """Return who did something to the row, and when."""
    about = (Event.subject_type == area, Event.subject_id == row_id)
    rows = db.session.execute(select(Event.actor_id, Event.at).where(*about))
    return {(actor_id, at) for actor_id, at in rows}


def latest(states: list[tuple[int, str]], level: int) -> str:
    return next((state for each, state in reversed(states) if each == level), "none")


@pytest.mark.usefixtures("company")
class TestClients:
    def test_are_as_many_as_asked_for_from_many_countries_over_three_years(self) -> None:
        people = clients()
        assert len(people) == CLIENTS
        assert len({client.country for client in people}) > 45
        assert {client.country for client in people} <= {each.country for each in markets()}
        joined = [client.joined_at for client in people]
        assert joined == sorted(joined)
        assert timedelta(days=900) < joined[-1] - joined[0] < timedelta(days=1096)
        assert joined[-1] <= clock.now()

    def test_are_of_every_group_and_all_have_the_keys_that_the_product_makes(self) -> None:
        people = clients()
        assert {client.client_group for client in people} == set(CLIENT_GROUPS)
        for client in people:
            texts = {name: getattr(client, name) for name in Client.__search__}
            assert client.search_key == search_key(Client, texts)
            assert client.email_key == (address_key(client.email) if client.email else None)

    def test_stand_where_their_kyc_cases_say(self) -> None:
        cases = db.session.scalars(select(KycCase).order_by(KycCase.client_id, KycCase.id))
        by_client = {
            client_id: [(case.level, case.state) for case in theirs]
            for client_id, theirs in groupby(cases, lambda case: case.client_id)
        }
        for client in clients():
            states = by_client.get(client.id, [])
            assert client.kyc_state == (states[-1][1] if states else "none")
            is_approved = latest(states, 1) == "approved"
            assert is_approved == (client.client_group in groups.STAFF_OF)
            is_legal = client.client_group == groups.LEGAL_MERCHANT_OWNER
            if client.type == "merchant":
                assert is_legal == (latest(states, 2) == "approved")

    def test_whose_case_people_of_the_demo_decided_have_it_in_the_log(self) -> None:
        cases = select(KycCase).where(KycCase.decided_by_id.is_not(None))
        decided = db.session.scalars(cases).all()
        assert {case.state for case in decided} == {"approved", "rejected"}
        for case in decided:
            assert (case.decided_by_id, case.decided_at) in log("kyc_cases", case.id)
            assert (case.decided_by_id, case.decided_at) in log("clients", case.client_id)

    def test_have_shown_documents_in_cases_that_wait_and_in_those_just_decided(self) -> None:
        shown = [case for case in db.session.scalars(select(KycCase)) if case.documents]
        assert len(shown) > 30
        assert {len(case.documents) for case in shown} == {1, 2}
        assert {case.state for case in shown} == {"pending", "approved", "rejected"}

    def test_have_a_company_if_they_own_an_enterprise(self) -> None:
        owners = [each for each in clients() if each.client_group == groups.ENTERPRISE_OWNER]
        assert owners
        assert all(each.company_id and each.company_owner for each in owners)

    def test_that_are_programs_have_the_token_they_sign_in_with(self) -> None:
        programs = {each.id for each in clients() if each.client_group == groups.API}
        tokens = select(ClientToken.client_id).where(ClientToken.purpose == "api")
        assert set(db.session.scalars(tokens)) == programs
        assert programs

    def test_were_verified_before_now_and_sent_tokens_masked_as_everywhere(self) -> None:
        for column in (Client.email_verified_at, Client.phone_verified_at):
            assert db.session.scalar(select(func.max(column))) <= clock.now()
        recipients = db.session.execute(
            select(ClientToken.recipient, Client).join(ClientToken.client)
        )
        for recipient, client in recipients:
            assert recipient in {masks.email(client.email or ""), masks.phone(client.phone), ""}

    def test_own_wallets_in_their_currency_only_when_they_are_verified(self) -> None:
        rows = db.session.execute(select(Client, Wallet).join(Wallet.client)).all()
        assert {client.client_group for client, _ in rows} == set(groups.STAFF_OF)
        currencies = {market.country: market.currency for market in markets()}
        mains = {(wallet.client_id, wallet.currency) for _, wallet in rows}
        assert all((c.id, currencies[str(c.country)]) in mains for c, _ in rows)
        roles = set(db.session.scalars(select(WalletMember.role)))
        assert roles == {"owner", "staff"}

    def test_have_companies_sign_ins_tokens_and_up_to_three_tags(self) -> None:
        assert db.session.scalar(select(func.count()).select_from(Company))
        assert set(db.session.scalars(select(ClientSignIn.result))) == set(RESULTS)
        assert {"used", "expired"} <= set(db.session.scalars(select(ClientToken.state)))
        number = func.count().label("number")
        tags = (
            select(number).select_from(client_client_tags).group_by(client_client_tags.c.client_id)
        )
        assert set(db.session.scalars(tags)) == {1, 2, 3}
        for model in (ClientSignIn, ClientToken):
            assert db.session.scalar(select(func.max(model.at))) <= clock.now()

    def test_a_few_were_blocked_with_an_event(self) -> None:
        edits = select(Event).where(Event.action == "clients.edit")
        events = db.session.scalars(edits).all()
        assert len(events) >= 3
        for event in events:
            assert set(event.after) == {"status"}


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    "name, condition",
    [
        ("olivia", true()),
        ("max", Client.country.not_in(["CA", "US"])),
        ("samir", Client.tags.any(ClientTag.name.in_(["Card payments", "VIP"]))),
    ],
)
def test_accounts_see_the_clients_that_the_readme_says(
    app: Flask, name: str, condition: ColumnElement[bool]
) -> None:
    expected = db.session.scalars(select(Client.id).where(condition).order_by(Client.id.desc()))
    visitor = app.test_client()
    visitor.sign_in(name, PASSWORD)
    answer = visitor.get("/admin/clients/?size=20")
    assert row_ids(answer) == expected.all()[:20]


@pytest.mark.usefixtures("company")
def test_fiona_for_whom_clients_are_masked_reveals_one_as_the_readme_says(app: Flask) -> None:
    named = select(Client).where(Client.email.is_not(None)).order_by(Client.id)
    client = db.session.scalars(named).first()
    assert client
    visitor = app.test_client()
    visitor.sign_in("fiona", PASSWORD)
    assert client.email not in visitor.get(f"/admin/clients/{client.id}").text
    act(visitor, "clients", "reveal", client.id, reason="She asked to be called back")
    page = visitor.get(f"/admin/clients/{client.id}").text
    assert client.email in page
    assert "You see the full data until" in page
