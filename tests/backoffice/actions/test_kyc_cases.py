"""KYC cases are asked for and decided; clients and the staff of their companies move along."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.files import StoredFile
from backoffice.models.kyc_case import KycCase
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, outcome, previewed, run_at, undo
from tests.support.html import read
from tests.support.told import told

CASES = "kyc-cases"


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


def customer(name: str = "Clara", **values: Any) -> Customer:
    values.setdefault("email", f"{name.lower()}@example.org")
    values.setdefault("email_key", values["email"])
    row = Customer(first_name=name, client_group=values.pop("group", "kyc_not_verified"), **values)
    db.session.add(row)
    db.session.commit()
    return row


def case_of(of: Customer, level: int = 1, state: str = "pending") -> KycCase:
    decided_at = None if state == "pending" else clock.now()
    row = KycCase(client_id=of.id, level=level, state=state, decided_at=decided_at)
    db.session.add(row)
    db.session.commit()
    return row


def now(of: Customer) -> tuple[str, str]:
    """Return the client group and the state of the KYC, read afresh."""
    settle()
    fresh = db.session.get_one(Customer, of.id)
    return fresh.client_group, fresh.kyc_state


def latest(of: Customer) -> KycCase:
    settle()
    cases = select(KycCase).where(KycCase.client_id == of.id).order_by(KycCase.id.desc())
    return db.session.scalars(cases.limit(1)).one()


def happened(action: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == action)))


def test_a_client_is_asked_and_approved_level_by_level(max_: Client) -> None:
    clara = customer()
    act(max_, "clients", "ask-for-kyc", clara.id, level="1")
    assert now(clara) == ("kyc_not_verified", "pending")
    act(max_, CASES, "approve", latest(clara).id, reason="Passport seen")
    assert now(clara) == ("merchant_owner", "approved")

    act(max_, "clients", "ask-for-kyc", clara.id, level="2")
    act(max_, CASES, "approve", latest(clara).id)
    assert now(clara) == ("legal_merchant_owner", "approved")
    assert db.session.get_one(Customer, clara.id).version == 5

    decided = latest(clara)
    assert (decided.level, decided.state, decided.decided_by_id) == (2, "approved", Cast().max.id)
    (first, _second) = happened("clients.kyc")
    assert first.before == {"client_group": "kyc_not_verified", "kyc_state": "pending"}
    assert first.after == {"client_group": "merchant_owner", "kyc_state": "approved"}
    assert first.reason == "Passport seen"
    assert len(happened("kyc_cases.approve")) == len(happened("kyc_cases.create")) == 2
    log = max_.get(f"/admin/clients/{clara.id}?tab=operation-log").text
    assert "changed the KYC state of" in log


# What a decision makes of a client: type, levels approved before, group, what is decided, group
# afterwards.
MOVES = [
    ("merchant", "", "email_not_verified", "approve", 1, "merchant_owner"),
    ("merchant", "", "phone_not_verified", "approve", 1, "merchant_owner"),
    ("merchant", "", "kyc_not_verified", "approve", 1, "merchant_owner"),
    ("enterprise", "", "kyc_not_verified", "approve", 1, "enterprise_owner"),
    ("merchant", "1", "merchant_owner", "approve", 2, "legal_merchant_owner"),
    ("enterprise", "1", "enterprise_owner", "approve", 2, "enterprise_owner"),
    ("merchant", "12", "legal_merchant_owner", "approve", 1, "legal_merchant_owner"),
    ("merchant", "", "api", "approve", 1, "api"),
    ("merchant", "", "merchant_staff", "approve", 1, "merchant_staff"),
    ("merchant", "", "kyc_not_verified", "reject", 1, "kyc_not_verified"),
    ("merchant", "1", "merchant_owner", "reject", 2, "merchant_owner"),
    ("merchant", "1", "merchant_owner", "reject", 1, "merchant_owner"),
    ("merchant", "", "merchant_owner", "expire", 1, "kyc_not_verified"),
    ("enterprise", "", "enterprise_owner", "expire", 1, "kyc_not_verified"),
    ("merchant", "2", "legal_merchant_owner", "expire", 1, "kyc_not_verified"),
    ("merchant", "1", "legal_merchant_owner", "expire", 2, "merchant_owner"),
    ("merchant", "1", "merchant_owner", "expire", 1, "merchant_owner"),
    ("merchant", "", "phone_not_verified", "expire", 1, "phone_not_verified"),
]


@pytest.mark.parametrize("move", MOVES)
def test_a_decision_moves_a_client_and_its_undo_brings_the_group_back(
    max_: Client, move: tuple[str, str, str, str, int, str]
) -> None:
    kind, approved, group, action, level, after = move
    clara = customer(type=kind, group=group)
    for each in approved:
        case_of(clara, int(each), "approved")
    decided = case_of(clara, level, "approved" if action == "expire" else "pending")
    run = act(max_, CASES, action, decided.id)
    assert run.counts == {"done": 1}
    assert now(clara)[0] == after

    assert undo(max_, run).status_code == 303
    state = "approved" if action == "expire" else "pending"
    assert now(clara) == (group, state)
    assert latest(clara).state == state


def test_the_undo_of_level_1_waits_while_level_2_is_approved(max_: Client) -> None:
    clara = customer()
    first = act(max_, CASES, "approve", case_of(clara).id)
    identity = latest(clara)
    second = act(max_, CASES, "approve", case_of(clara, 2).id)
    undone = run_at(undo(max_, first))
    assert outcome(undone, identity.id) == ("refused", "entity_approved")
    assert now(clara)[0] == "legal_merchant_owner"
    undo(max_, second)
    act(max_, CASES, "reject", latest(clara).id)
    assert outcome(run_at(undo(max_, first)), identity.id) == ("done", "")
    assert now(clara) == ("kyc_not_verified", "pending")


def test_the_undo_of_one_of_two_identities_leaves_level_2(max_: Client) -> None:
    clara = customer(group="kyc_not_verified")
    case_of(clara, 2, "approved")
    first, second = (act(max_, CASES, "approve", case_of(clara).id) for _number in range(2))
    assert now(clara)[0] == "legal_merchant_owner"
    assert run_at(undo(max_, second)).counts == {"done": 1}
    assert run_at(undo(max_, first)).counts == {"refused": 1}


def test_the_preview_says_how_many_clients_move(max_: Client) -> None:
    cases = [case_of(customer(name)) for name in ("Ada", "Bo")]
    cases.append(case_of(customer("Api", group="api")))
    ids = [each.id for each in cases]
    page = previewed(max_, CASES, "approve", *ids)
    assert told(page).headline == (
        "Moves 2 clients to another client group.",
        "3 of them have no document.",
    )
    cases[0].documents = [StoredFile("kyc_cases/x", "passport.pdf", "pdf", 9, "0" * 64)]
    db.session.commit()
    assert "2 of them have no document." in previewed(max_, CASES, "approve", *ids).text
    act(max_, CASES, "approve", *ids)
    page = previewed(max_, CASES, "expire", cases[0].id)
    assert told(page).headline == ("Moves 1 client to another client group.",)
    page = previewed(max_, CASES, "reject", case_of(customer("Cy")).id)
    assert told(page).headline == ()
    assert told(page).reason


def test_staff_follow_the_owner_of_their_company(max_: Client) -> None:
    company = Company(business_name="Harbour")
    owner = customer("Olga", company=company, company_owner=True)
    staff = customer("Stan", company=company, is_staff=True)
    decided = case_of(owner)
    run = act(max_, CASES, "approve", decided.id)
    assert now(staff)[0] == "merchant_staff"
    undo(max_, run)
    assert now(staff)[0] == "kyc_not_verified"


def test_an_undo_leaves_a_group_that_was_chosen_since(max_: Client) -> None:
    clara = customer()
    run = act(max_, CASES, "approve", case_of(clara).id)
    settle()
    db.session.get_one(Customer, clara.id).client_group = "api"
    db.session.commit()
    undo(max_, run)
    assert now(clara) == ("api", "pending")


def test_what_is_refused(max_: Client) -> None:
    clara = customer()
    assert (
        "needs an approved KYC of level 1"
        in read(previewed(max_, "clients", "ask-for-kyc", clara.id, level="2")).one("main").text
    )
    waiting = case_of(clara)
    for level in ("1", "2"):
        page = previewed(max_, "clients", "ask-for-kyc", clara.id, level=level)
        assert "waits for its decision" in page.text
    act(max_, CASES, "reject", waiting.id)
    for action, sentence in (
        ("approve", "is decided already"),
        ("reject", "is decided already"),
        ("expire", "is not approved"),
    ):
        assert sentence in previewed(max_, CASES, action, waiting.id).text
    entity = case_of(clara, 2)
    assert "needs an approved KYC of level 1" in previewed(max_, CASES, "approve", entity.id).text


def test_a_decided_case_is_not_reopened_beside_one_that_waits(max_: Client) -> None:
    clara = customer()
    rejected = case_of(clara)
    run = act(max_, CASES, "reject", rejected.id)
    case_of(clara)
    undone = run_at(undo(max_, run))
    assert outcome(undone, rejected.id) == ("refused", "another_pending")
    assert now(clara)[1] == "rejected"


@pytest.mark.parametrize("own", [{"email": "max@example.com"}, {"phone": "+49 170 1234567"}])
@pytest.mark.parametrize("of_colleague", [False, True])
def test_nobody_decides_about_a_client_that_they_are_a_contact_of(
    app: Flask, max_: Client, own: dict[str, str], of_colleague: bool
) -> None:
    Cast().max.phone = "+491701234567"
    settle()
    company = Company(business_name="Harbour")
    contact = customer("Contact", company=company, **own)
    clara = customer(company=company) if of_colleague else contact
    waiting = case_of(clara)
    stranger = case_of(customer("Stranger"))
    run_on = {row.id: row for row in (waiting, stranger)}
    page = previewed(max_, CASES, "approve", *run_on)
    assert "You are a contact of the client" in page.text
    assert (
        "You are a contact of"
        in previewed(max_, "clients", "ask-for-kyc", clara.id, level="1").text
    )
    run = act(max_, CASES, "approve", *run_on)
    assert outcome(run, waiting.id) == ("refused", "contact")
    assert outcome(run, stranger.id) == ("done", "")
    olivia = app.test_client().sign_in("olivia")
    assert outcome(act(olivia, CASES, "approve", waiting.id), waiting.id) == ("done", "")
    assert "You are a contact" in max_.get(f"/admin/kyc-cases/{waiting.id}").text
    for change in ({"email": "else@example.com"}, {"phone": ""}, {"first_name": "Else"}):
        assert edit(max_, "clients", contact.id, **change).status_code == 403
    assert edit(max_, "clients", clara.id, company="").status_code == 403
    assert edit(olivia, "clients", contact.id, email="else@example.com").status_code == 303


def test_viewers_neither_ask_nor_decide(client: Client, cast: Cast) -> None:
    vera = client.sign_in("vera")
    clara = customer()
    waiting = case_of(clara)
    for screen, action, row in (("clients", "ask-for-kyc", clara), (CASES, "approve", waiting)):
        assert previewed(vera, screen, action, row.id).status_code == 403
    assert now(clara) == ("kyc_not_verified", "none")


def test_documents_are_given_while_the_case_waits(max_: Client) -> None:
    clara = customer()
    waiting = case_of(clara)
    form = read(max_.get(f"/admin/kyc-cases/{waiting.id}/edit"))
    assert [e["name"] for e in form.all("input", type="file")] == ["documents"]
    assert edit(max_, CASES, waiting.id, level="2", client="99").status_code == 303
    assert latest(clara).level == 1
    act(max_, CASES, "approve", waiting.id)
    assert max_.get(f"/admin/kyc-cases/{waiting.id}/edit").status_code == 403
    assert edit(max_, CASES, waiting.id, level="2").status_code == 403


def test_who_sees_the_client_reads_whom_a_case_is_about(
    app: Flask, max_: Client, cast: Cast
) -> None:
    clara = customer(last_name="Quarrel", country="DE")
    waiting = case_of(clara)
    label = f"KYC {waiting.id} (Clara Quarrel)"
    assert label in previewed(max_, CASES, "approve", waiting.id).text
    run = act(max_, CASES, "approve", waiting.id)
    refused = previewed(max_, CASES, "approve", waiting.id)
    assert f"{label} is decided already." in read(refused).one("main").text
    pages = (f"/admin/bulk-runs/{run.id}", "/admin/events/")
    for page in pages:
        assert label in read(max_.get(page)).one("main").text
    olivia = app.test_client().sign_in("olivia")
    another = case_of(customer("Bo"))
    assert "has no document" in previewed(olivia, CASES, "approve", another.id).text
    for limits, shown in (
        ({"mask_data": True}, f"KYC {waiting.id} (C***** Q*****)"),
        ({"countries_mode": "only", "countries": ["FR"]}, ""),
    ):
        for name, value in limits.items():
            setattr(cast.olivia, name, value)
        settle()
        assert "has no document" not in previewed(olivia, CASES, "approve", another.id).text
        for page in pages:
            answer = olivia.get(page).text
            assert shown in answer
            assert "Quarrel" not in answer
