"""A contact of a client neither decides their KYC nor changes what makes them a contact."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock, events
from backoffice.actions.clients import CONTACT
from backoffice.actions.engine import Reveal, why
from backoffice.actions.engine.action import actions_of
from backoffice.auth.actors import actor_of
from backoffice.clients import contacts
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.company import Company
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from backoffice.text import address_key
from benchmarks.explaining import explained
from tests.support.acting import act, edit, outcome
from tests.support.clients import added
from tests.support.html import hidden, value_of

MANY = 3000  # clients
PHONE = "+491701234567"


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


def is_theirs(of: Customer, user: User | None = None) -> bool:
    """Return whether the user, Max if none is given, is a contact of the client."""
    settle()
    actor = actor_of(user or Cast().max)
    asked = select(contacts.is_contact(actor)).where(Customer.id == of.id)
    return bool(db.session.scalar(asked))


def case_of(client: Customer) -> KycCase:
    waiting = KycCase(client=client)
    db.session.add(waiting)
    settle()
    return waiting


def with_address(email: str) -> User:
    """Return Max, whose address is this one."""
    user = Cast().max
    user.email, user.email_key = email, address_key(email)
    settle()
    return user


@pytest.mark.parametrize(
    "own, of_client, is_same",
    [
        ("max@example.com", "Max@Example.com", True),
        ("max@example.com", "max+kyc@example.com", True),
        ("max+kyc@example.com", "max@example.com", True),
        ("max+kyc@example.com", "max+shop@example.com", True),
        ("max@example.com", "max+kyc@example.org", False),
        ("max@example.com", "maxine@example.com", False),
        ("max@example.com", "m.ax@example.com", False),
        ("max_m@example.com", "maxim+a@example.com", False),
        ("max%@example.com", "maxim+a@example.com", False),
        ("max.m@gmail.com", "m.axm@gmail.com", True),
        ("max.m@gmail.com", "maxm+kyc@googlemail.com", True),
        ("maxm+a@googlemail.com", "max.m@gmail.com", True),
        ("maxm@gmail.com", "maxm@gmail.com.example.org", False),
        ("maxm@gmail.com", "maxmo@gmail.com", False),
        ("maxm@gmail.com", "max.m@example.com", False),
    ],
)
@pytest.mark.usefixtures("cast")
def test_a_mailbox_is_the_same_however_it_is_written(
    own: str, of_client: str, is_same: bool
) -> None:
    user = with_address(own)
    assert is_theirs(added(email=of_client), user) is is_same


@pytest.mark.usefixtures("cast")
def test_the_mailbox_is_looked_up_by_the_index() -> None:
    addresses = [f"max{number}@example.com" for number in range(MANY)]
    db.session.add_all(Customer(email=each, email_key=each) for each in addresses)
    settle()
    user = Cast().max
    for own in ("max@example.com", "abc@gmail.com"):
        user.email_key = own
        settle()
        condition = contacts.is_contact(actor_of(user))
        with explained(db.engine) as reading:
            db.session.scalars(select(Customer.id).where(Customer.id == 1, condition)).all()
        assert reading.rows < 100
        assert "clients" not in reading.scans, reading.scans


def of_profile(client: Client, phone: str) -> None:
    """Let Max give this phone in his own profile."""
    page = client.get("/account/")
    names = ("first_name", "last_name", "language", "time_zone")
    values = {name: value_of(page, name) for name in names}
    values |= {"phone": phone, "version": hidden(page, "version")}
    assert client.post("/account/", values).status_code == 303
    settle()


def test_a_phone_that_one_gave_up_lately_counts(max_: Client) -> None:
    of_profile(max_, PHONE)
    clara = added(phone=PHONE)
    waiting = case_of(clara)
    of_profile(max_, "")
    assert outcome(act(max_, "kyc-cases", "approve", waiting.id), waiting.id) == (
        "refused",
        "contact",
    )
    with clock.at(clock.now() + contacts.REMEMBERED + timedelta(hours=1)):
        assert not is_theirs(clara)


@pytest.mark.parametrize("action", ["account.change_email", "users.edit"])
def test_an_address_that_one_gave_up_lately_counts(cast: Cast, action: str) -> None:
    subject = ("users", cast.max.id)
    former, other = {"email": "Max.Then@example.com"}, {"email": "vera.then@example.com"}
    events.record(actor=cast.actor("olivia"), action=action, subject=subject, before=former)
    subject = ("users", cast.vera.id)
    events.record(actor=cast.actor("max"), action=action, subject=subject, before=other)
    assert is_theirs(added(email="max.then+kyc@example.com"))
    assert not is_theirs(added(email="vera.then@example.com"))


def test_a_contact_changes_nothing_of_a_colleague_or_the_client(
    app: Flask, max_: Client, cast: Cast
) -> None:
    """Max deletes the colleague who makes him a contact, or moves them, and then approves."""
    company, other = Company(business_name="Harbour"), Company(business_name="Quay")
    db.session.add_all([company, other])
    colleague = added("Bea", email=cast.max.email, company=company)
    clara = added(company=company)
    waiting = case_of(clara)
    for each in (colleague, clara):
        assert outcome(act(max_, "clients", "delete", each.id), each.id) == ("refused", "contact")
        for company_id in ("", other.id):
            answer = edit(max_, "clients", each.id, company=company_id)
            assert answer.status_code == 403
            assert "You are a contact of" in answer.text
        assert edit(max_, "clients", each.id, email="else@example.com").status_code == 403
        assert edit(max_, "clients", each.id, phone="").status_code == 403
    assert outcome(act(max_, "kyc-cases", "approve", waiting.id), waiting.id)[0] == "refused"
    olivia = app.test_client().sign_in("olivia")
    assert edit(olivia, "clients", colleague.id, email="bea@example.com").status_code == 303
    assert outcome(act(max_, "kyc-cases", "approve", waiting.id), waiting.id)[0] == "done"


def test_every_action_on_clients_but_reveal_refuses_contacts() -> None:
    without = [each for each in actions_of(Customer) if CONTACT not in each.rules]
    assert [type(each).__bases__ for each in without] == [(Reveal,)]


def test_who_asks_why_a_contact_may_not_reads_their_own_masks(cast: Cast) -> None:
    clara = added(last_name="Quarrel", email=cast.max.email)
    for mask_data in (False, True):
        asker = cast.actor("olivia", mask_data=mask_data)
        answer = why.ask(asker=asker, person=cast.max, code="clients.edit", row=clara)
        assert "You are a contact of" in str(answer)
        assert ("Quarrel" in str(answer)) is not mask_data
